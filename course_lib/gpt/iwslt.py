"""Real translations from files: IWSLT's German and English talks, and sentences in columns or in two files.

The course needs none of them: `corpus.corpus` makes its sentences from a seed.
"""

import html
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from course_lib.downloads import fetch_from
from course_lib.errors import UserError
from course_lib.gpt.corpus import Pair
from course_lib.text_files import decoded, read

_FILE = re.compile(r"(train\.tags|IWSLT\d+\.[\w.-]+?)\.de-en\.(de|en)(\.xml)?")
_ABOUT_A_TALK = re.compile(r"\s*</?(url|keywords|talkid|title|description|speaker|reviewer|translator|doc)\b")
_SEGMENT = re.compile(r'<seg\s+id="?(\d+)"?\s*>(.*?)</seg>', re.DOTALL)
_SHOWN = 5  # bad lines that a message names


def download_iwslt(url: str, sha256: str, folder: Path | str | None = None) -> Path:
    """IWSLT's archive from a mirror, `https://.../de-en.tgz`, downloaded once and kept, for `iwslt`.

    It lies in `folder` (the user's cache folder unless given) once its SHA-256 sum is right, and not before.
    Raises UserError in one line as `downloads.fetch_from` does.
    """
    return fetch_from(url, sha256, "IWSLT", folder, "the generated sentences")


def iwslt(path: Path | str) -> dict[str, tuple[Pair, ...]]:
    """The parts "train", "dev2010", "tst2010" and so on of IWSLT 2014 or 2017 (Cettolo et al. 2012).

    `path` is the folder de-en of TED talks, or a .zip or .tgz of it. `train.tags.de-en.de` and `.en` have a
    sentence a line, beside lines in tags about the talk, which are left out;
    `IWSLT17.TED.tst2010.de-en.de.xml` and `.en.xml` have a sentence a `<seg id="1">`. Pairs of which one side
    is empty are left out. Raises UserError in one line for what cannot be read, a part that is missing, and
    sides that do not fit.
    """
    path = Path(path)
    files = _files(path)
    parts = {}
    for name in ["train.tags.de-en.de", *sorted(name for name in files if name.endswith(".xml"))]:
        title, language, xml = _FILE.fullmatch(name).groups()
        german, english = (f"{title}.de-en.{side}{xml or ''}" for side in ("de", "en"))
        if missing := [side for side in (german, english) if side not in files]:
            raise UserError(f"{path.name} holds no {missing[0]}, unlike IWSLT's folder de-en")
        if language == "de":
            part = "train" if xml is None else title.split(".", 1)[1].removeprefix("TED.")
            sides = [(side, decoded(side, files[side])) for side in (german, english)]
            parts[part] = _spoken(sides) if xml is None else _numbered(sides)
    if len(parts) == 1:
        raise UserError(f"{path.name} holds no IWSLT*.TED.*.de-en.de.xml to test with")
    return parts


def columns(path: Path | str) -> tuple[Pair, ...]:
    """The pairs in a file of lines `German<TAB>English`; empty lines are left out.

    Raises UserError in one line for a file that cannot be read, and for other lines, by their numbers.
    """
    path = Path(path)
    return _checked(path.name, (line.split("\t") for line in _lines(decoded(path.name, read(path)))))


def two_files(german: Path | str, english: Path | str) -> tuple[Pair, ...]:
    """The pairs of two files with a sentence a line; lines that are empty in both are left out.

    Raises UserError in one line for files that cannot be read or have unequal numbers of lines, and for lines
    that are empty in one of them, by their numbers.
    """
    german, english = Path(german), Path(english)
    sides = [(path.name, _lines(decoded(path.name, read(path)))) for path in (german, english)]
    return _checked(f"{german.name} and {english.name}", _side_by_side(sides))


def _checked(name: str, rows: Iterable[list[str]]) -> tuple[Pair, ...]:
    """Rows of two cells, without those that are empty. Raises UserError that names the bad lines."""
    pairs, bad = [], {}
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) != 2:
            bad[number] = f"there must be German, one tab and English, not {len(cells)} columns"
        elif not all(cells):
            bad[number] = f"there is no {'English' if cells[0] else 'German'} sentence"
        else:
            pairs.append((cells[0], cells[1]))
    if bad:
        (first, why), *others = bad.items()
        more = f" (and {len(others) - _SHOWN} more)" if len(others) > _SHOWN else ""
        also = f"; bad too: {', '.join(str(number) for number, _ in others[:_SHOWN])}{more}" if others else ""
        raise UserError(f"{name}, line {first}: {why}{also}")
    return _some(name, pairs)


def _some(name: str, pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    pairs = tuple(pairs)
    if not pairs:
        raise UserError(f"{name}: there is no pair of sentences to learn from")
    return pairs


def _side_by_side(sides: list[tuple[str, list[str]]]) -> Iterator[list[str]]:
    """The lines of both sides together. Raises UserError for unequal numbers."""
    (german, left), (english, right) = sides
    if len(left) != len(right):
        raise UserError(
            f"{german} has {len(left):,} sentences and {english} {len(right):,}: "
            "each must be the translation of the one at its place"
        )
    return map(list, zip(left, right, strict=True))


def _spoken(texts: list[tuple[str, str]]) -> tuple[Pair, ...]:
    """Training sentences, a line each."""
    sides = [
        (name, [line.strip() for line in _lines(text) if not _ABOUT_A_TALK.match(line)])
        for name, text in texts
    ]
    return _some(texts[0][0], ((left, right) for left, right in _side_by_side(sides) if left and right))


def _numbered(texts: list[tuple[str, str]]) -> tuple[Pair, ...]:
    """Test sentences; their numbers begin again with each talk."""
    segments = [(name, _SEGMENT.findall(text)) for name, text in texts]
    pairs = []
    for place, ((one, left), (other, right)) in enumerate(_side_by_side(segments), 1):
        if one != other:
            raise UserError(f"{texts[0][0]}: sentence {place} has id {one}, and {other} in {texts[1][0]}")
        pair = tuple(" ".join(html.unescape(side).split()) for side in (left, right))
        pairs += [pair] if all(pair) else []
    return _some(texts[0][0], pairs)


def _files(path: Path) -> dict[str, bytes]:
    """The files of IWSLT by name, from a folder or an archive; of equal ones the least deep."""
    if path.is_dir():
        return {each.name: read(each) for each in path.iterdir() if _FILE.fullmatch(each.name)}
    data = io.BytesIO(read(path))
    try:
        if zipfile.is_zipfile(data):
            with zipfile.ZipFile(data) as archive:
                return {name: archive.read(entry) for name, entry in _wanted(archive.namelist())}
        data.seek(0)
        with tarfile.open(fileobj=data) as archive:
            members = {member.name: member for member in archive if member.isfile()}
            return {name: archive.extractfile(members[entry]).read() for name, entry in _wanted(members)}
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError,
            NotImplementedError, RuntimeError, EOFError, OSError):  # fmt: skip
        raise UserError(f"{path.name} is neither a folder nor a whole zip or tgz file") from None


def _wanted(entries: Iterable[str]) -> Iterator[tuple[str, str]]:
    found = {entry.split("/")[-1]: entry for entry in sorted(entries, key=len, reverse=True)}
    return ((name, entry) for name, entry in found.items() if _FILE.fullmatch(name))


def _lines(text: str) -> list[str]:
    """The lines; marks such as U+2028, which `splitlines` takes for ends, stand inside of real sentences."""
    text = text.replace("\r\n", "\n").rstrip("\n")
    return text.split("\n") if text else []
