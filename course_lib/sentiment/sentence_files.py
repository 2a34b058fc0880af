"""Real sentences from files: SST-2 as the GLUE benchmark lays it out, and files of texts with ratings.

The course needs none of them: `corpus.reviews` makes its sentences from a seed.
"""

import csv
import io
import json
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from course_lib.downloads import fetch_from
from course_lib.errors import UserError
from course_lib.sentiment.corpus import NEGATIVE, POSITIVE, Sentences
from course_lib.text_files import decoded, read

SST2_PARTS = ("train", "dev")  # the labels of its third part, test, are not public
_SHOWN = 5  # bad lines that a message names

Row = tuple[int, str, str]  # number of the line, from 1, text, rating or label


def download_sst2(url: str, sha256: str, folder: Path | str | None = None) -> Path:
    """The zip of SST-2 from a mirror, `https://.../SST-2.zip`, downloaded once and kept, for `sst2`.

    It lies in `folder` (the user's cache folder unless given) once its SHA-256 sum is right, and not before.
    Raises UserError in one line as `downloads.fetch_from` does.
    """
    return fetch_from(url, sha256, "SST-2", folder, "the generated reviews")


def sst2(path: Path | str) -> dict[str, Sentences]:
    """The parts "train" and "dev" of SST-2 (Socher et al. 2013), from GLUE's zip or the folder in it.

    Each part is a file of lines `sentence<TAB>label` under a line of these names; label 0 is blame, 1 praise.
    Raises UserError in one line where a part is missing, and for bad lines, by their numbers.
    """
    path = Path(path)
    return {part: _sentences(f"{part}.tsv", _glue(*_part(path, part)), _label) for part in SST2_PARTS}


def rated(path: Path | str, negative_to: float = 2, positive_from: float = 4) -> Sentences:
    """Texts with ratings in two classes: up to `negative_to` is blame, from `positive_from` praise.

    Ratings between them are dropped. The file's ending says its kind: .csv or .tsv with a first line that
    names the columns, or .jsonl with one object per line; columns or keys are "text" and "rating", others are
    ignored. Raises UserError in one line for files that cannot be read, for bad lines, by their numbers, and
    where no sentence is left; ValueError unless negative_to is below positive_from.
    """
    if not negative_to < positive_from:
        raise ValueError(f"negative_to must be below positive_from, not {negative_to} and {positive_from}")
    path = Path(path)
    readers = {".csv": _table, ".tsv": _table, ".jsonl": _objects}
    kind = path.suffix.lower()
    if kind not in readers:
        raise UserError(f"{path.name} must end in {', '.join(readers)}, which says how to read it")
    rows = readers[kind](path.name, decoded(path.name, read(path)))

    def two_classes(rating: str) -> int | None:
        try:
            value = float(rating)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"the rating {rating[:20]!r} is not a number")
        return NEGATIVE if value <= negative_to else POSITIVE if value >= positive_from else None

    return _sentences(path.name, rows, two_classes)


def _sentences(name: str, rows: Iterator[Row], labeled: Callable[[str], int | None]) -> Sentences:
    """The rows whose label is not None. Raises UserError that names the bad lines."""
    texts, labels, bad = [], [], {}
    for number, text, value in rows:
        try:
            label = labeled(value)
            if not text.strip():
                raise ValueError("there is no text")
        except ValueError as error:
            bad[number] = str(error)
            continue
        if label is not None:
            texts.append(text.strip())
            labels.append(label)
    if bad:
        (first, why), *others = bad.items()
        more = f" (and {len(others) - _SHOWN} more)" if len(others) > _SHOWN else ""
        also = f"; bad too: {', '.join(str(number) for number, _ in others[:_SHOWN])}{more}" if others else ""
        raise UserError(f"{name}, line {first}: {why}{also}")
    if not texts:
        raise UserError(f"{name} holds no sentence to learn from")
    return Sentences(tuple(texts), np.array(labels, np.int64))


def _label(text: str) -> int:
    if text not in ("0", "1"):
        raise ValueError(f"the label must be 0 or 1, not {text[:20]!r}")
    return int(text)


def _part(path: Path, part: str) -> tuple[str, str]:
    """Name and text of one part's file, in a folder or in a zip."""
    name = f"{part}.tsv"
    if path.is_dir():
        return name, decoded(name, read(path / name))
    try:
        with zipfile.ZipFile(io.BytesIO(read(path))) as archive:
            inside = [entry for entry in archive.namelist() if entry.split("/")[-1] == name]
            wanted = min(inside, key=len, default=None)  # the one in no further folder
            if wanted is None:
                raise UserError(f"{path.name} holds no {name}, unlike GLUE's SST-2")
            return name, decoded(name, archive.read(wanted))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise UserError(f"{path.name} is neither a folder nor a whole zip file: {error}") from None


def _glue(name: str, text: str) -> Iterator[Row]:
    """Lines of sentence and label; quotes are letters like others."""
    head, *lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if head.split("\t") != ["sentence", "label"]:
        raise UserError(f"{name}, line 1: it must name the columns sentence and label, not {head[:40]!r}")
    for number, line in enumerate(lines, 2):
        sentence, _, label = line.partition("\t")
        yield number, sentence, label


def _table(name: str, text: str) -> Iterator[Row]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if name.lower().endswith(".tsv") else ",")
    try:
        head = next(rows, [])
        if missing := [column for column in ("text", "rating") if column not in head]:
            raise UserError(f"{name}, line 1: it must name a column {missing[0]!r}")
        at_text, at_rating = head.index("text"), head.index("rating")
        number = rows.line_num + 1
        for row in rows:
            cells = row + [""] * len(head)
            if row:
                yield number, cells[at_text], cells[at_rating]
            number = rows.line_num + 1  # a text in quotes may go over several lines
    except csv.Error as error:
        raise UserError(f"{name}, line {rows.line_num}: {error}") from None


def _objects(name: str, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if not isinstance(entry, dict):
            raise UserError(f"{name}, line {number}: this is not an object of JSON")
        words, rating = entry.get("text", ""), entry.get("rating", "")
        # In JSON a rating is a number or its text; true is neither.
        rating = str(rating) if type(rating) in (int, float, str) else json.dumps(rating)
        yield number, words if isinstance(words, str) else "", rating
