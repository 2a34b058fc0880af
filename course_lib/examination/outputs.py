"""Outputs of a student's cells, checked before they enter a notebook that is opened in a browser."""

import re

MAX_CELL = 20 << 20  # characters
SAFE = {"text/plain", "text/latex", "text/markdown", "image/png", "image/jpeg", "image/gif",
        "application/json", "application/vnd.plotly.v1+json"}  # fmt: skip
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
ANSI = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f]")  # control characters, those of colors excepted
REMOVED = "[An output that could run code in a browser is left out.]"
_TAGS = {"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "b", "i", "em", "strong", "u", "s",
         "sub", "sup", "p", "br", "hr", "span", "div", "pre", "code", "ul", "ol", "li", "dl", "dt", "dd",
         "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "small", "mark"}  # fmt: skip
_ATTRIBUTES = {"*": ["colspan", "rowspan", "title", "align"]}


def clean(outputs: list) -> list[dict]:
    """The outputs as nbformat 4 wants them, without anything that runs in a browser."""
    kept, room = [], MAX_CELL
    for output in outputs:
        cleaned = _clean_one(output) if isinstance(output, dict) else None
        if cleaned is not None and (room := room - len(str(cleaned))) > 0:
            kept.append(cleaned)
    return kept


def _clean_one(output: dict) -> dict | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        lines = lines if isinstance(lines, list) else []
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
            kept["text/html"] = _clean_html(_text(value)) if kind == "text/html" else REMOVED
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


def _clean_html(html: str) -> str:
    import bleach

    without_code = re.sub(r"<(script|style)\b.*?(</\1\s*>|$)", "", html, flags=re.IGNORECASE | re.DOTALL)
    return bleach.clean(without_code, tags=_TAGS, attributes=_ATTRIBUTES, strip=True)


def _text(value) -> str:
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return ANSI.sub("", value) if isinstance(value, str) else ""
