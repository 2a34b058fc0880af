"""The demo of question 9: where each token is, what titles claim, names that stand apart, live controls."""

import functools
import itertools
import json

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.demos import look, offload_memory
from course_lib.demos.offload_memory import figures, picture
from course_lib.demos.offload_memory.picture import PROMPTS, TURNS
from course_lib.offload import recall
from course_lib.offload.memory import POLICIES
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

PLACES = list(picture.PLACES)


def strip(figure):
    """Where the tokens of the chat are: {place: (first, end)}."""
    return {
        place: (trace.base[0], trace.base[0] + trace.x[0])
        for place, trace in zip(PLACES, figure.data, strict=False)
        if trace.x[0]
    }


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_token_with_keys_and_values_is_in_one_place(policy, prompt):
    for turn in (1, 5, TURNS):
        chat = picture.measure(policy, prompt)
        found = strip(picture.figure(policy, turn, prompt))
        answered = [t for t in chat.turns[:turn] if not t.refused]
        spans = sorted(found.values())
        assert spans[0][0] == 0
        assert spans[-1][1] == answered[-1].context - 1
        assert all(end == start for (_, end), (start, _) in itertools.pairwise(spans))


def test_each_policy_puts_what_does_not_fit_elsewhere():
    at_end = {policy: strip(picture.figure(policy, TURNS)) for policy in POLICIES}
    assert at_end["refuse"] == {"on the card": (0, 3499)}
    assert at_end["offload"] == {"on the host": (0, 2185), "on the card": (2185, 5999)}
    assert at_end["window"] == {"forgotten": (0, 2185), "on the card": (2185, 5999)}
    assert at_end["recompute"] == {"on the card": (0, 3814), "computed again": (3814, 5999)}
    assert at_end["int8 weights"] == {"on the card": (0, 5999)}


@pytest.mark.parametrize(
    ("policy", "turn", "words"),
    [
        ("refuse", 7, "Refuse, turn 7: 2.2 s, 1.1 times as long as the first"),
        ("refuse", 8, "Refuse, turn 8: out of memory, no answer"),
        ("recompute", 12, "2,185 tokens are computed again for every new one"),
        ("offload", 12, "2,185 tokens cross the link for every new one"),
        ("window", 12, "The first 2,185 tokens are forgotten, your name among them"),
        ("int8 weights", 12, "Room for 17,166 tokens, 5,999 taken"),
    ],
)
def test_title_says_what_came_out(policy, turn, words):
    assert words in said(picture.figure(policy, turn))


def test_memory_bars_never_pass_the_card():
    for policy in POLICIES:
        for turn in range(1, TURNS + 1):
            weights, cache = picture.contents(policy, turn, 400)["traces"][4:6]
            assert 7 < weights["x"][1] + cache["x"][1] <= 16


@pytest.mark.parametrize("turn", range(1, TURNS + 1))
def test_names_of_the_lines_stand_apart(turn):
    figure = picture.figure("offload", turn)
    names = [(note.xanchor, note.x, note.y) for note in figure.layout.annotations[-len(POLICIES) :]]
    heights = sorted(y for anchor, _, y in names if anchor == "left")
    assert np.diff(heights).min() >= picture.GAP - 1e-9
    assert sum(anchor == "right" for anchor, _, _ in names) == (turn > 7)


def test_what_is_on_screen_becomes_the_figure_of_the_new_setting():
    widget = go.FigureWidget(picture.figure("refuse", 3, 800))
    look.paint(widget, **picture.contents("window", 9, 400))
    expected = go.FigureWidget(picture.figure("window", 9, 400))
    assert said(widget) == said(expected)
    assert json.loads(widget.to_json()) == json.loads(expected.to_json())


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(monkeypatch):
    policy, turn, prompt, figure, _ = still_then_live(monkeypatch, offload_memory.show)
    before = said(figure)
    turn.value = 9
    assert said(figure) != before
    policy.value = "window"
    assert "forgotten" in said(figure)
    prompt.value = 100
    assert "forgotten" not in said(figure)


def answers(known):
    """One fact known throughout, or lost after turn 4, in a chat of which everything else is known."""
    facts = np.array([[0, 8, 16, 24], [1, 9, 17, 25]])
    said_ = np.repeat(facts[:, None], recall.TURNS, axis=1)
    if not known:
        said_[:, 4:, 0] = 2
    return said_, facts


@functools.cache
def pictures():
    kept, facts = answers(True)
    return {
        "rooms": figures.rooms(16e9, {"a": (14e9, 3814), "b": (7e9, 17166), "c": (17e9, 0)}, 524288),
        "step": figures.step_against_tokens([1, 100, 1000], [0.02, 0.022, 0.04], 100),
        "recomputed": figures.recomputed({"from the end": [0, 50, 100], "otherwise": [0, 100, 500]}),
        "waits": figures.waits(
            {
                "Wait for a token": {"refuse": [0.01, None], "window": [0.01, 0.01]},
                "Wait for a turn": {"refuse": [0.1, None], "window": [0.1, 0.12], "recompute": [0.1, 0.9]},
            },
            [50, 100],
            60,
        ),
        "forgetting": figures.forgetting({"all": kept, "few": answers(False)[0]}, facts),
    }


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("rooms", "Room for 3,814 tokens, or for 17,166, 4.5 times as many"),
        ("step", "Full, the cache makes a step 10% longer"),
        ("recomputed", "Evicting from the end, 25% as many tokens are computed again as otherwise"),
        ("waits", "Wait for a turn, the last against the first: recompute 9 times, window 1.2"),
        ("forgetting", "After 12 turns the name is known in 100 and 0 % of the chats"),
    ],
)
def test_finding_in_a_title_is_computed_from_the_data(name, finding):
    assert finding in said(pictures()[name])


def test_every_axis_says_what_it_measures():
    # Names of bars, and the turns that stacked panels share, need no title.
    untitled = {"rooms": {"yaxis"}, "forgetting": {"xaxis"}}
    for name, figure in pictures().items():
        assert unnamed_axes(figure) <= untitled.get(name, set()), name


def test_a_policy_that_was_refused_ends_where_it_was():
    figure = pictures()["waits"]
    assert list(figure.data[0].x) == [50]
    assert any(note.text == "refuse: full" for note in figure.layout.annotations)
