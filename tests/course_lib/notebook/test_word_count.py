"""The line under the written answer counts as the grader's word count does, and says what is missing."""

import pytest

from course_lib.notebook import word_count


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (0, "60 more to go"),
        (1, "59 more to go"),
        (59, "1 more to go"),
        (60, "as asked"),
        (80, "as asked"),
        (83, "3 too many"),
    ],
)
def test_message_says_how_far_the_answer_is_from_its_limits(words, advice):
    message = word_count.message(" ".join(["word"] * words))
    assert message == f"{words} word{'' if words == 1 else 's'} of 60 to 80: {advice}"


def test_text_that_the_page_reports_is_counted_at_once(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    word_count.show(2, 4)
    assert shown[0].message == "0 words of 2 to 4: 2 more to go"
    shown[0].text = "one two – three"
    assert shown[0].message == "3 words of 2 to 4: as asked"


def test_nothing_counts_while_grading(monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    word_count.show()
    assert "60 to 80 words" in capsys.readouterr().out
