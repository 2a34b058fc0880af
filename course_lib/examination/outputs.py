"""Outputs of a student's cells, checked before they enter a notebook that is opened in a browser."""

import re

from course_lib.examination.safe_html import safe

MAX_CELL = 20 << 20  # characters
MAX_NOTEBOOK = 64 << 20
MAX_LINES, MAX_TRACEBACK = 1000, 100  # printed by a cell, and of an error: what nbgrader's LimitOutput leaves
SAFE = {"text/plain", "text/latex", "text/markdown", "image/png", "image/jpeg", "image/gif",
        "application/json", "application/vnd.plotly.v1+json"}  # fmt: skip
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
ANSI = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f]")  # control characters, those of colors excepted
LEFT_OUT = "[The outputs of this cell are left out: the notebook shows too much.]\n"
REMOVED = "[An output that could run code in a browser is left out.]"


def clean_all(outputs: dict[int, list]) -> dict[int, list[dict]]:
    """Outputs of cells by place, each cleaned; what comes after MAX_NOTEBOOK characters is left out."""
    room, kept = MAX_NOTEBOOK, {}
    for place, found in sorted(outputs.items()):
        room -= len(str(found))
        note = {"output_type": "stream", "name": "stderr", "text": LEFT_OUT}
        kept[place] = clean(found) if room > 0 else [note]
    return kept


def clean(outputs: list) -> list[dict]:
    """The outputs as nbformat 4 wants them, cut to lengths, without anything that runs in a browser."""
    kept, room, lines = [], MAX_CELL, MAX_LINES
    for output in outputs:
        cleaned = _clean_one(output) if isinstance(output, dict) else None
        if cleaned is None:
            continue
        if "text" in cleaned:
            if lines <= 0:
                continue
            cleaned["text"] = _cut(cleaned["text"].split("\n"), lines)
            lines -= cleaned["text"].count("\n") + 1
        if (room := room - len(str(cleaned))) > 0:
            kept.append(cleaned)
    return kept


def _cut(lines: list[str], most: int) -> str:
    return "\n".join(lines if len(lines) <= most else [*lines[: most - 1], "... Output truncated ..."])


def _clean_one(output: dict) -> dict | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        lines = lines if isinstance(lines, list) else []
        if len(lines) > MAX_TRACEBACK:
            half = MAX_TRACEBACK // 2
            lines = [*lines[:half], "... Traceback truncated ...", *lines[1 - half :]]
        error = {name: _text(output.get(name)) for name in ("ename", "evalue")}
        return {"output_type": kind, **error, "traceback": [_text(line) for line in lines]}
    if kind not in ("display_data", "execute_result"):
        return None
    data = output.get("data")
    cleaned = _clean_data(data if isinstance(data, dict) else {})
    result = {"output_type": kind, "data": cleaned, "metadata": {}}
    return result | ({"execution_count": None} if kind == "execute_result" else {})


def _clean_data(data: dict) -> dict:
    kept = {}
    for kind, value in data.items():
        if kind in ("text/html", "image/svg+xml"):
            kept["text/html"] = safe(_text(value)) if kind == "text/html" else REMOVED
        elif kind not in SAFE:
            continue
        elif kind.startswith("image/"):
            if isinstance(value, str) and BASE64.fullmatch(value):
                kept[kind] = value
        elif kind == "text/markdown":
            kept["text/plain"] = _text(value)
        elif kind.startswith("text/"):
            kept[kind] = _text(value)
        else:
            kept[kind] = value
    if data and not kept:
        kept["text/plain"] = REMOVED
    return kept


def _text(value) -> str:
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return ANSI.sub("", value) if isinstance(value, str) else ""
