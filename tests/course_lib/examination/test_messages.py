"""What a process that ran a student's code sends is checked before anything looks at it."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.examination import messages
from course_lib.examination.messages import ANSWERS, CHECKS, answer, checked
from course_lib.examination.shell import Outputs
from course_lib.examination.wire import BadMessage, decode, encode

STREAM = {"output_type": "stream", "name": "stdout", "text": "4\n"}
ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["one", "two"]}
FIGURE = {
    "output_type": "display_data",
    "data": {"application/vnd.plotly.v1+json": {"data": [{"x": [1, 2.5, None], "visible": True}]}},
    "metadata": {},
}


def test_honest_outputs_pass_as_they_are():
    assert checked(["ran", [STREAM, ERROR, FIGURE]], ("ran",)) == ["ran", [STREAM, ERROR, FIGURE]]


@pytest.mark.parametrize("half", ["\ud800", "a\udfffb"])
def test_half_of_a_surrogate_pair_becomes_a_question_mark_wherever_it_stands(half):
    told = {**ERROR, "traceback": [half]}
    shown = {"output_type": "display_data", "data": {half: {half: [half]}}, "metadata": {}}
    _, found = checked(["ran", [{**STREAM, "text": half}, told, shown]], ("ran",))
    str(found).encode()
    assert found[0]["text"] == half.replace("\ud800", "?").replace("\udfff", "?")


@pytest.mark.parametrize(
    "message",
    [
        ["ran"],
        ["ran", [STREAM], 1],
        ["ran", {}],
        ["ran", "outputs"],
        ["ran", [np.zeros(3)]],
        ["ran", [[STREAM]]],
        ["ran", [{"output_type": np.zeros(2)}]],
        ["ran", [{"output_type": "update_display_data"}]],
        ["ran", [{**STREAM, "text": 3}]],
        ["ran", [{"output_type": "stream", "name": "stdout"}]],
        ["ran", [{**ERROR, "evalue": ["a"]}]],
        ["ran", [{**FIGURE, "data": {"text/plain": b"bytes"}}]],
        ["ran", [{**FIGURE, "data": {1: "x"}}]],
        ["ran", [{**FIGURE, "data": {"text/plain": (1, 2)}}]],
        ["ran", [STREAM] * 2000],
        ["tested", [STREAM], ["passed", ""]],
        ["snapshot"],
        ["halt"],
    ],
)
def test_anything_else_than_outputs_is_refused(message):
    with pytest.raises(BadMessage):
        checked(message, ("ran",))


def test_nesting_beyond_any_figure_is_refused():
    value = 1
    for _ in range(40):
        value = [value]
    with pytest.raises(BadMessage, match="too deeply"):
        checked(["ran", [{**FIGURE, "data": {"application/json": value}}]], ("ran",))


def test_numbers_that_json_has_no_word_for_become_none():
    given = [float("nan"), float("inf"), -float("inf"), 10**5000, -(10**400), 1 << 64, 0.5, True]
    found = checked(["ran", [{**FIGURE, "data": {"application/json": given}}]], ("ran",))[1]
    kept = [None, None, None, None, None, 1 << 64, 0.5, True]
    assert found[0]["data"]["application/json"] == kept
    json.dumps(found, allow_nan=False)


def test_more_parts_than_a_message_may_have_are_refused(monkeypatch):
    monkeypatch.setattr(messages, "MAX_PARTS", 100)
    with pytest.raises(BadMessage, match="too many parts"):
        checked(["ran", [{**FIGURE, "data": {"application/json": [0] * 200}}]], ("ran",))
    with pytest.raises(BadMessage, match="too many parts"):
        decode(encode([[0] * 50, [0] * 50]), 90)


def test_what_a_shell_keeps_of_a_large_figure_is_always_accepted():
    outputs = Outputs()
    for size in (10, 10**6, 3 * 10**6, 2 * 10**6):
        outputs.add({"output_type": "display_data", "data": {"application/json": [0] * size}, "metadata": {}})
    assert outputs.cut
    assert len(outputs.found) == 2
    assert checked(["ran", decode(encode(outputs.found), messages.MAX_PARTS)], ("ran",))[1] == outputs.found


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from([*CHECKS, "else"]), st.lists(ANYTHING, max_size=3))
def test_no_message_whatever_raises_anything_but_what_is_expected(word, details):
    try:
        what, *found = checked([word, *details], tuple(CHECKS))
    except BadMessage:
        return
    assert what == word
    assert len(found) == len(CHECKS[word])
    repr(found).encode()


RAISED = ["ValueError", "Exception"]


@pytest.mark.parametrize(
    ("asked", "given", "taken"),
    [
        ("call", ["value", "7", np.float64(2)], ["value", 2.0]),
        ("call", ["raised", "7", RAISED, "no\ud800"], ["raised", RAISED, "no?"]),
        ("value", ["refused", "7", "a function"], ["refused", "a function"]),
        ("names", ["names", "7", [["f", "function"]]], ["names", [["f", "function"]]]),
    ],
)
def test_an_answer_to_the_question_that_was_asked_is_taken(asked, given, taken):
    assert answer(given, asked, "7") == taken


@pytest.mark.parametrize(
    "given",
    [
        *(["value"], ["value", "7"], ["value", "7", 1, 2]),
        *(["value", "6", 1], ["value", np.array(["7"]), 1], ["value", 7, 1]),
        *(["gone", "7", "seven"], ["tested", "7", [], ["passed", ""]], ["names", "7", []]),
        *(["raised", "7", "ValueError", "no"], ["raised", "7", [3], "no"], ["raised", "7", RAISED]),
        *(["refused", "7", b"x"], ["refused", "7", None]),
    ],
)
def test_an_answer_that_is_doubled_late_cut_or_of_another_kind_is_none(given):
    with pytest.raises(BadMessage):
        answer(given, "call", "7")


@given(st.sampled_from(["names", "value", "raised", "refused", "gone"]), st.lists(ANYTHING, max_size=3))
def test_no_answer_whatever_is_quoted_or_raises_anything_else(word, details):
    for asked in ANSWERS:
        for number in ([], ["7"]):
            said = word
            try:
                said = answer([word, *number, *details], asked, "7")[0]
            except BadMessage as error:
                said = str(error)
            assert said in (word, messages.NO_ANSWER, "it answered another question than was asked")
