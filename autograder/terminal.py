"""Text that students chose, made harmless for the terminal of whoever reads it."""

import unicodedata

from rich.markup import escape


def visible(text: str) -> str:
    r"""`text` in one line, with what a terminal would obey shown as an escape such as \x1b.

    That is every control and format character (Unicode's Cc and Cf): escape sequences, line breaks, and the
    marks that turn the direction of writing. Halves of surrogate pairs become "?".
    """
    return "".join(map(_visible, text))


def printable(text: str) -> str:
    """`text` as above, and without meaning for rich's markup."""
    return escape(visible(text))


def _visible(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cs":
        return "?"
    return character.encode("unicode_escape").decode() if kind in ("Cc", "Cf") else character
