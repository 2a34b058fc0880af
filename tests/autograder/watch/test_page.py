"""The instructor's page: everything by name, nothing that a browser or a terminal would obey."""

from autograder.watch import page
from autograder.watch.page import Back, Board, Shown
from autograder.watch.turns import Job


def board() -> Board:
    found = Board(waiting=[Job("<b>ada</b>", "q00", "", "", "")], longest=3, returned=2)
    found.wrong["x\x1b[2J.zip"] = "no <script>alert(1)</script>"
    found.back.append(Back("bob", "q00", "5 of 7", 2.0, "12:00:00"))
    found.seconds += [1.0, 2.0, 9.0]
    return found


def test_names_are_text_and_the_page_reads_itself_again_without_a_server(tmp_path):
    shown = Shown(tmp_path / "exports" / "watch.html")
    shown.show(board())
    text = shown.path.read_text("utf-8")
    assert "&lt;b&gt;ada&lt;/b&gt;" in text
    assert "<script" not in text
    assert "\x1b" not in text
    assert 'http-equiv="refresh"' in text
    assert "from arrival to feedback 2.0 s in the median, 95 % within 9.0 s" in text
    assert "at most 3 so far" in text


def test_it_is_written_where_something_has_changed_and_not_more_often(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(page.time, "monotonic", lambda: now[0])
    shown, what = Shown(tmp_path / "watch.html"), board()
    what.waiting.clear()
    shown.show(what)
    shown.path.unlink()
    now[0] += page.EVERY
    shown.show(what)
    assert not shown.path.exists()
    what.trouble = "no space"
    shown.show(what)
    assert not shown.path.exists()
    now[0] += page.EVERY
    shown.show(what)
    assert "no space" in shown.path.read_text()


def test_of_a_large_class_the_page_shows_some_rows_and_counts_the_rest(tmp_path):
    found = Board(waiting=[Job(f"student{n}", "q00", "", "", "") for n in range(page.ROWS + 5)])
    shown = Shown(tmp_path / "watch.html")
    shown.show(found)
    text = shown.path.read_text()
    assert f"Waiting ({page.ROWS + 5})" in text
    assert "and 5 more" in text
