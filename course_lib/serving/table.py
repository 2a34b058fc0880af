"""Rows with named columns from a file as engines and spreadsheets write it: CSV, JSON or JSON Lines."""

import codecs
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path


def rows(source: str | Path | bytes, what: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Where each row stands, such as "line 2 of the log" (`what`: "log"), and its values by column.

    `source` is a path or a file's bytes. CSV with commas, semicolons (whose decimal point may be a comma) or
    tabs; JSON as a list of objects, an object with such a list or with a list for each column; an object per
    line. UTF-8, UTF-16 with its mark, or Windows-1252; any ends of line. Names of columns lose blanks around
    them. Raises ValueError for a folder and for JSON that is none, with its line, and TypeError for another
    kind of source.
    """
    if not isinstance(source, (str, Path, bytes, bytearray)):
        raise TypeError(f"a {what} is read from a path or from bytes, not from {type(source).__name__}")
    if isinstance(source, (str, Path)) and Path(source).is_dir():
        raise ValueError(f"a {what} is a file, and {str(source)!r} is a folder")
    data = bytes(source) if isinstance(source, (bytes, bytearray)) else Path(source).read_bytes()
    text = _decoded(data).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    start = text.lstrip()[:1]
    if start == "[":
        return _objects(_json(text, f"the {what}"), what)
    if start == "{":
        return _lines_or_object(text, what)
    return _csv(text, what)


def number(row: dict[str, object], name: str) -> float:
    """The number in a column of a row, 0,5 with a decimal comma too. Raises KeyError and ValueError."""
    value = row[name]
    if isinstance(value, str):
        text = value.strip()
        try:
            return float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
        except ValueError:
            raise ValueError(f"{name} must be a number, not {value!r}") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number, not {value!r}")
    return float(value)


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _csv(text: str, what: str) -> Iterator[tuple[str, dict[str, object]]]:
    lines, first = text.split("\n"), 1
    while lines and (not lines[0].strip() or lines[0].lower().startswith("sep=")):  # as Excel begins a file
        del lines[0]
        first += 1
    if not lines:
        return
    separator = max(",;\t", key=lines[0].count)
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=separator, strict=False)
    header = [name.strip() for name in next(reader)]
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield f"line {reader.line_num + first - 1} of the {what}", dict(zip(header, cells, strict=False))


def _lines_or_object(text: str, what: str) -> Iterator[tuple[str, dict[str, object]]]:
    """An object per line; or one object, which holds everything."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, dict) and any(isinstance(value, list) for value in whole.values()):
        lists = {name.strip(): value for name, value in whole.items() if isinstance(value, list)}
        of_objects = [value for value in lists.values() if value and isinstance(value[0], dict)]
        if of_objects:
            yield from _objects(max(of_objects, key=len), what)
            return
        for place in range(max(map(len, lists.values()))):
            row = {name: value[place] for name, value in lists.items() if place < len(value)}
            yield f"entry {place} of the {what}", row
        return
    for number_, line in lines:
        where = f"line {number_} of the {what}"
        row = _json(line, where)
        if not isinstance(row, dict):
            raise ValueError(f"{where} must be an object, not {str(row)[:40]!r}")
        yield where, {name.strip(): value for name, value in row.items()}


def _objects(entries: list, what: str) -> Iterator[tuple[str, dict[str, object]]]:
    for place, row in enumerate(entries):
        where = f"entry {place} of the {what}"
        if not isinstance(row, dict):
            raise ValueError(f"{where} must be an object, not {str(row)[:40]!r}")
        yield where, {name.strip(): value for name, value in row.items()}


def _json(text: str, where: str):
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"{where} is no JSON: {error}") from None
    except RecursionError:
        raise ValueError(f"{where} is nested too deep") from None
