"""Nonsense gets one clear line from the calculators, the simulator, the caches and offload."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.course_lib.sensible_calls import CALLS

# Refused wherever a number, an object or a list is wanted.
REFUSED = {
    "nan": math.nan,
    "minus infinity": -math.inf,
    "an object": object(),
    "lists of different lengths": [[1], [1, 2]],
    "a list of nan": [math.nan],
    "a complex number": 1j,
}
# These may be an answer's beginning somewhere: a name, no limit, nothing, a half.
SOMEWHERE = {
    "negative": -1,
    "zero": 0,
    "infinity": math.inf,
    "text": "x",
    "empty": [],
    "None": None,
    "huge": 10**18,
    "a half": 0.5,
    "a negative half": -0.5,
    "NumPy's nan": np.float64("nan"),
    "a word for a number": "3",
}
# What an argument may be called in the line that refuses it, where that is clearer than its name.
ALSO = {
    "name": "shape",
    "precision": "rate",
    "kind": "kind",
    "tokens": "token|conversations",
    "prompt": "token",
    "text": "words",
    "layers": "layer",
    "buffers": "buffer",
    "nbytes": "bytes",
    "budget_bytes": "budget|bytes|weights",
    "speed": "speed",
    "transfers": "transfer",
    "reads": "share of steps",
    "seconds": "seconds|features",
    "source": "trace|log",
    "limit": "decisions",
    "unit": "unit|duration|takes",
    "queued": "request|number",
    "weight_bytes": "model|weight",
    "lengths": "lengths|tokens",
    "length": "words",
    "room": "room|block",
    "block": "block",
    "kv_heads": "KV heads",
    "longest": "longest|NaN",
    "room_bytes": "room",
    "groups": "group",
    "arrival": "arrival|_tokens",
    "first_token": "first_token|request",
    "last_token": "last_token|request",
    "input_tokens": "input_tokens|request",
    "output_tokens": "output_tokens|request",
    "kinds": "kinds",
    "after": "after",
    "jobs": "job",
    "joined": "joined|GPUs",
    "memory_bytes": "memory|GB",
    "widths": "widths",
    "stage_times": "stage",
    "count": "count|page",
    "heads": "head",
    "link_rate": "link_rate",
}
# A file that is not there and memory that is full have errors of their own.
OTHERS = {
    "Trace.from_csv": FileNotFoundError,
    "RequestLog.read": FileNotFoundError,
    "Budget.take": MemoryError,
    "PagePool.take": MemoryError,
    "Conversation": MemoryError,
}
PAIRS = [(name, argument) for name, (_, arguments) in CALLS.items() for argument in arguments]


def outcome(name, argument, value):
    """What a call with the nonsense gives; an error is one of a kind that fits, and names the argument."""
    function, arguments = CALLS[name]
    try:
        return function(**arguments | {argument: value})
    except (ValueError, TypeError, OTHERS.get(name, ValueError)) as error:
        refused = error
    names = [argument, *ALSO.get(argument, argument).split("|")]
    assert isinstance(refused, OSError) or any(one in str(refused) for one in names), (
        f"{name}({argument}={value!r}) does not name it: {refused}"
    )
    return refused


@pytest.mark.parametrize("name", CALLS)
def test_the_call_itself_makes_sense(name):
    function, arguments = CALLS[name]
    function(**arguments)


@pytest.mark.parametrize("name", CALLS)
def test_nonsense_is_refused_in_a_line_that_names_the_argument(name):
    for argument in CALLS[name][1]:
        for what, value in REFUSED.items():
            answer = outcome(name, argument, value)
            assert isinstance(answer, Exception), f"{name}({argument}={what}) gives {answer!r}"


@pytest.mark.parametrize("name", CALLS)
def test_what_may_make_sense_somewhere_gives_an_answer_or_a_line(name):
    for argument in CALLS[name][1]:
        for what, value in SOMEWHERE.items():
            answer = outcome(name, argument, value)
            if isinstance(answer, (int, float)):
                assert not math.isnan(answer), f"{name}({argument}={what}) is nan"


@settings(max_examples=300)
@given(st.sampled_from(PAIRS), st.one_of(
    st.floats(max_value=-1e-300), st.floats(allow_nan=True), st.integers(max_value=-1), st.text(max_size=3),
    st.lists(st.one_of(st.none(), st.text(max_size=2)), min_size=1, max_size=3),
))  # fmt: skip
def test_drawn_nonsense_gives_an_answer_or_one_line(pair, value):
    outcome(*pair, value)
