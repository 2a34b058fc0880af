"""What students chose to be called, to print or to raise never steers the terminal of an instructor."""

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from autograder.console import outcome_table
from autograder.recorder import Outcome
from autograder.terminal import printable, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("zoë 💡", "zoë 💡"),
        ("\x1b]52;c;cm0gLXJm\x07", r"\x1b]52;c;cm0gLXJm\x07"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x9b31m", r"\x9b31m"),
        ("eve\u202etxt.exe", r"eve\u202etxt.exe"),
        ("half \ud800", "half ?"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text, shown):
    assert visible(text) == shown


@given(st.text())
def test_nothing_is_left_that_a_terminal_obeys(text):
    assert not {unicodedata.category(c) for c in visible(text)} & {"Cc", "Cf", "Cs"}


def test_markup_in_a_name_is_text():
    assert printable("[red]eve[/]") == r"\[red]eve\[/]"


def test_the_table_of_a_run_shows_names_reasons_and_flags_in_one_line_each():
    rows = [
        Outcome("e\x1b[2Jve", "failed", None, 7, False, "no\x1b]52;c;x\x07 notebook\n[red]"),
        Outcome("bob", "graded", 5.0, 7, False, flags=("cell 1\x1b[31m ended",)),
    ]
    written = io.StringIO()
    Console(file=written, force_terminal=False, width=200).print(outcome_table(rows))
    assert not any(unicodedata.category(c) == "Cc" for c in written.getvalue().replace("\n", ""))
    assert len(written.getvalue().strip().splitlines()) == 3
