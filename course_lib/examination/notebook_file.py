"""What is read of a notebook file: the text of its cells. Old outputs and all else are passed over unread.

A file of 200 MB that is all outputs then costs no more than its text, and one that is all empty objects costs
time in proportion to its size and no memory. Nothing here calls itself, so depth costs nothing.
"""

import json
import re
from collections.abc import Callable, Iterator
from json.decoder import JSONDecodeError, scanstring

MAX_BYTES = 256 << 20  # of a file
MAX_TEXT = 64 << 20  # characters that are kept of it
MAX_CELLS = 2000
SPACE = re.compile(r"[ \t\n\r]*")
PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|NaN|-?Infinity")
SMALL = re.compile(r"([0-9]{1,3})(?:\.0+)?")
STRUCTURE = re.compile(r'["\[\]{}]')
# What formats 1 to 4 have in a cell that is text, one string or a list of them.
TEXTS = {"cell_type", "source", "id", "input", "text", "code", "language"}
NUMBERS = {"nbformat", "nbformat_minor", "orig_nbformat", "level"}


class TooMuch(ValueError):
    """A notebook beyond the limits above; the message is one line."""


def contents(data: bytes) -> dict | None:
    """The notebook in `data` as JSON has it, in whichever Unicode encoding, with nothing but what is graded.

    It keeps the formats' numbers and for each cell its texts, its attachments and nbgrader's name of it;
    outputs and metadata are there and empty, and what is of another type than it should be is None, and so is
    everything in what is not an object. Raises ValueError for what is no JSON, TooMuch.
    """
    if len(data) > MAX_BYTES:
        raise TooMuch(f"the notebook has {len(data) >> 20} MB; at most {MAX_BYTES >> 20} MB are read")
    return _Reader(data.decode(json.detect_encoding(data), "surrogatepass")).whole()


class _Reader:
    """Reads `text` once, from the left; each method begins where a value does and ends behind it."""

    def __init__(self, text: str):
        self._text, self._at = text, SPACE.match(text).end()
        self._kept = self._cells_read = 0

    def whole(self) -> dict | None:
        found = self._notebook()
        self._pass_space()
        if self._at < len(self._text):
            raise JSONDecodeError("Extra data", self._text, self._at)
        return found

    # What a notebook is made of

    def _notebook(self) -> dict | None:
        return self._object(
            {
                "cells": self._cells,
                "worksheets": lambda: self._list(lambda: self._object({"cells": self._cells})),
                "metadata": lambda: self._object({"language_info": lambda: self._object({})}),
                **dict.fromkeys(NUMBERS, self._number),
            }
        )

    def _cells(self) -> list | None:
        def cell() -> dict | None:
            self._cells_read += 1
            if self._cells_read > MAX_CELLS:
                raise TooMuch(f"it has more than {MAX_CELLS} cells; no more are read")
            return self._object(parts)

        parts = {
            **dict.fromkeys(TEXTS, self._texts),
            "level": self._number,
            "outputs": self._nothing,
            "metadata": lambda: self._object({"nbgrader": lambda: self._object({"grade_id": self._string})}),
            "attachments": lambda: self._named(lambda: self._named(self._string)),
        }
        return self._list(cell)

    def _nothing(self) -> list:
        self._skip()
        return []

    def _texts(self) -> str | None:
        """One string, or the strings of a list, joined."""
        if self._is("["):
            return "".join([part for part in self._list(self._string) if part is not None])
        return self._string()

    # JSON

    def _is(self, character: str) -> bool:
        return self._text.startswith(character, self._at)

    def _pass_space(self) -> None:
        self._at = SPACE.match(self._text, self._at).end()

    def _expect(self, character: str) -> None:
        if not self._is(character):
            raise JSONDecodeError(f"Expecting {character!r}", self._text, self._at)
        self._at += 1
        self._pass_space()

    def _members(self, close: str) -> Iterator[None]:
        """Stops at each member of the object or list in which the reader is, until it is behind it."""
        self._at += 1
        self._pass_space()
        first = True
        while not self._is(close):
            if not first:
                self._expect(",")
            first = False
            yield
            self._pass_space()
        self._at += 1

    def _key(self) -> str:
        if not self._is('"'):
            raise JSONDecodeError("Expecting a name in double quotes", self._text, self._at)
        key, self._at = scanstring(self._text, self._at + 1, True)
        self._pass_space()
        self._expect(":")
        return key

    def _object(self, parts: dict[str, Callable]) -> dict | None:
        """The members that `parts` has a reader for; None where there is no object."""
        if not self._is("{"):
            return self._skip()
        found = {}
        for _ in self._members("}"):
            key = self._key()
            if key in parts:
                found[key] = parts[key]()
            else:
                self._skip()
        return found

    def _named(self, part: Callable) -> dict | None:
        """All members of an object."""
        if not self._is("{"):
            return self._skip()
        found = {}
        for _ in self._members("}"):
            key = self._key()
            self._keep(len(key))
            found[key] = part()
        return found

    def _list(self, part: Callable) -> list | None:
        if not self._is("["):
            return self._skip()
        return [part() for _ in self._members("]")]

    def _string(self) -> str | None:
        if not self._is('"'):
            return self._skip()
        found, self._at = scanstring(self._text, self._at + 1, True)
        self._keep(len(found))
        return found

    def _number(self) -> int | None:
        """A whole number of a few digits, which some programs write as 4.0."""
        start = self._at
        self._skip()
        found = SMALL.fullmatch(self._text, start, self._at)
        return int(found[1]) if found else None

    def _keep(self, characters: int) -> None:
        self._kept += characters
        if self._kept > MAX_TEXT:
            raise TooMuch(f"it has more than {MAX_TEXT >> 20} MB without its outputs; no more are read")

    def _skip(self) -> None:
        """Pass over a value without building it: of what is in it, only quotes and brackets are looked at."""
        text, at, depth = self._text, self._at, 0
        if text[at : at + 1] not in ('"', "[", "{"):
            if not (plain := PLAIN.match(text, at)):
                raise JSONDecodeError("Expecting a value", text, at)
            self._at = plain.end()
            return
        find = STRUCTURE.search
        while found := find(text, at):
            at = found.end()
            mark = found[0]
            if mark == '"':
                _, at = scanstring(text, at, True)
            else:
                depth += 1 if mark in "[{" else -1
            if depth <= 0:
                self._at = at
                return
        raise JSONDecodeError("Expecting a closing bracket", text, len(text))
