"""Due dates: read whole or not at all, and told so that nobody mistakes early for late."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.commands import due

MOMENT = datetime(2026, 12, 10, 22, 0, tzinfo=UTC)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(due, "ROOT", tmp_path)
    return tmp_path


def test_what_was_written_is_read_again_from_either_edition(root):
    for folder in ("release", "notebooks"):
        (root / folder).mkdir()
        assert due.due_dates() == ({} if folder == "release" else {"q01": MOMENT})
        due.write_due_dates(root / folder, {"q01": MOMENT})
        assert due.due_dates() == {"q01": MOMENT}


@pytest.mark.parametrize("text", ["", "[]", '{"q01": 3}', '{"q01": "soon"}', '{"q01": null', "[" * 100_000])
def test_a_damaged_file_is_as_good_as_none(root, text):
    (root / "notebooks").mkdir()
    (root / "notebooks" / due.FILE).write_text(text)
    assert due.due_dates() == {}


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (-3 * 3600, "3 hours early"),
        (0, "less than a minute early"),  # at the very moment nothing is late
        (1, "less than a minute late"),
        (86_400 + 61, "1 day 1 minute late"),
        (-(2 * 86_400 + 3 * 3600 + 59), "2 days 3 hours early"),
    ],
)
def test_the_distance_names_its_side(seconds, says):
    assert due.compared(MOMENT + timedelta(seconds=seconds), MOMENT) == says


@given(st.integers(60, 10**9))
def test_a_duration_is_never_told_longer_than_it_is(seconds):
    words = due.duration(timedelta(seconds=seconds)).split()
    sizes = {"day": 86_400, "hour": 3600, "minute": 60}
    units = [word.removesuffix("s") for word in words[1::2]]
    told = sum(int(count) * sizes[unit] for count, unit in zip(words[::2], units, strict=True))
    assert 0 <= seconds - told < sizes[units[-1]]


def test_the_zone_is_named_beside_a_time(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Europe/Vienna")
    time.tzset()
    try:
        assert due.shown(MOMENT) == "2026-12-10 23:00 CET"
    finally:
        monkeypatch.undo()
        time.tzset()
