"""The chat that really runs takes the planned steps, keeps its budget, and says the right tokens."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import seeds, training
from course_lib.kv_cache import (
    Budget,
    ContiguousCache,
    Decoder,
    OutOfMemory,
    decoder_shape,
    int8_weights,
    step,
)
from course_lib.offload.conversation import Conversation, PrefixCache, beside_one_layer, room
from course_lib.offload.memory import POLICIES, plan

SHAPE = decoder_shape(layers=3, width=32, heads=4, vocabulary=64)
TURNS, PROMPT, ANSWER = 7, 20, 5
TURNS_OF_THE_NOTEBOOK = 10
LONGEST = TURNS * (PROMPT + ANSWER)


def decoder():
    return Decoder(SHAPE).double()


def budget_for(tokens, model):
    return model.nbytes + tokens * 2 * SHAPE.layers * 32 * 8


def talk(policy, model, budget):
    chat = Conversation(policy, model, budget, LONGEST)
    random = seeds.stream("test", "conversation")
    return chat, [chat.turn(random.integers(0, 64, PROMPT).tolist(), ANSWER) for _ in range(TURNS)]


@pytest.fixture(scope="module")
def chats():
    """Each policy in a budget for 100 tokens of 175, and "unlimited"."""
    model = decoder()
    said = {
        policy: talk(policy, model, budget_for(100, model)) for policy in POLICIES if "int8" not in policy
    }
    small = int8_weights(decoder())
    said["int8 weights"] = talk("int8 weights", small, budget_for(100, model))
    said["unlimited"] = talk("refuse", model, budget_for(1000, model))
    return said


def test_offload_and_recompute_say_what_an_unlimited_memory_says(chats):
    told = [turn.answer for turn in chats["unlimited"][1]]
    assert len({token for answer in told for token in answer}) > 5
    for policy in ("offload", "recompute"):
        assert [turn.answer for turn in chats[policy][1]] == told


def test_window_says_the_same_until_the_room_is_passed_and_not_for_long_after(chats):
    told, window = ([turn.answer for turn in chats[name][1]] for name in ("unlimited", "window"))
    assert window[:4] == told[:4]
    assert window != told


def test_refuse_answers_until_the_memory_is_full_and_never_after(chats):
    assert [turn.refused for turn in chats["refuse"][1]] == [False] * 4 + [True] * 3
    assert not any(turn.refused for name in POLICIES[1:] for turn in chats[name][1])


@pytest.mark.parametrize("policy", POLICIES)
def test_as_many_tokens_are_computed_as_were_planned(chats, policy):
    chat, turns = chats[policy]
    space = chat.kept if policy in ("recompute", "offload") else chat.room
    planned = plan(policy, space, TURNS, PROMPT, ANSWER)
    assert [turn.context for turn in turns] == [turn.context for turn in planned]
    assert [turn.computed for turn in turns] == [sum(step.new for step in turn.steps) for turn in planned]


@pytest.mark.parametrize("policy", POLICIES)
def test_no_policy_takes_more_than_its_budget(chats, policy):
    chat, turns = chats[policy]
    weights = chat.decoder.nbytes
    assert weights < chat.budget.peak <= chat.budget.nbytes
    assert max(turn.cache_bytes for turn in turns) <= chat.budget.nbytes - weights


def test_offload_puts_what_does_not_fit_into_host_memory(chats):
    chat, turns = chats["offload"]
    token = 2 * SHAPE.layers * 32 * 8
    assert turns[0].host_bytes == 0
    for turn in turns:
        pages = -(-(turn.context - 1) // 16)
        assert turn.host_bytes == max(0, pages - chat.kept // 16) * 16 * token


def test_int8_weights_leave_more_room(chats):
    assert chats["int8 weights"][0].room > 1.5 * chats["refuse"][0].room


def test_prefix_cache_computes_the_logits_of_a_whole_one():
    model, budget = decoder(), Budget(10**9)
    tokens = seeds.stream("test", "prefix").integers(0, 64, 30).tolist()
    whole = ContiguousCache(SHAPE, 40, dtype=torch.float64)
    prefix = PrefixCache(SHAPE, 16, dtype=torch.float64, budget=budget)
    torch.testing.assert_close(step(model, [tokens], [prefix]), step(model, [tokens], [whole]))
    assert prefix.length == 16
    for token in (3, 7, 1):
        tokens.append(token)
        expected = step(model, [[token]], [whole])
        torch.testing.assert_close(step(model, [tokens[16:]], [prefix]), expected)
    assert budget.used == prefix.nbytes == 16 * prefix.token_bytes
    assert budget.peak == budget.used + 17 * prefix.token_bytes // SHAPE.layers


def test_prefix_cache_that_cannot_hold_a_layers_rest_refuses():
    token = 2 * SHAPE.layers * 32 * 8
    cache = PrefixCache(SHAPE, 16, dtype=torch.float64, budget=Budget(16 * token + 100))
    with pytest.raises(OutOfMemory, match="computed again needs"):
        step(decoder(), [list(range(20))], [cache])


@given(st.integers(1, 4000), st.integers(1, 9000), st.integers(2, 40))
def test_what_is_kept_leaves_room_for_one_layers_rest_and_not_a_page_more(space, longest, layers):
    kept = beside_one_layer(space, longest, layers)
    assert kept % 16 == 0
    assert kept <= space
    if kept and longest > space:
        assert kept + (longest - kept) / layers <= space
    if longest > space:
        assert kept + 16 + (longest - kept - 16) / layers > space


def test_room_is_what_the_weights_leave_in_the_decoders_own_numbers():
    model = decoder()
    assert room(model, budget_for(100, model)) == 100
    assert room(model.float(), model.nbytes + 100 * 2 * 3 * 32 * 4) == 100


def test_what_cannot_be_is_refused_in_one_line():
    with pytest.raises(ValueError, match="unknown policy 'hope'; known: refuse"):
        Conversation("hope", decoder(), 10**6, 100)
    with pytest.raises(OutOfMemory, match="weights needs"):
        Conversation("window", decoder(), 1000, 100)
    with pytest.raises(ValueError, match="single layer"):
        beside_one_layer(10, 20, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@training.one_thread()
def test_ways_out_differ_as_the_notebook_asserts(seed):
    """What question 9 asserts of its chats without a clock, on the seeds beside its own."""
    shape = decoder_shape(layers=4, width=384, heads=6)
    whole, light = Decoder(shape), int8_weights(Decoder(shape))
    budget, prompt, answer = whole.nbytes * 16 // 14, 40, 9
    longest = TURNS_OF_THE_NOTEBOOK * (prompt + answer)
    models = dict.fromkeys(POLICIES, whole) | {"int8 weights": light}
    chats = {policy: Conversation(policy, model, budget, longest) for policy, model in models.items()}
    chats["unlimited"] = Conversation("refuse", whole, 4 * budget, longest)
    random = seeds.stream("q09", "prompts", seed=seed)
    turns = {policy: [] for policy in chats}
    for _ in range(TURNS_OF_THE_NOTEBOOK):
        said = random.integers(0, shape.vocabulary, prompt).tolist()
        for policy, chat in chats.items():
            turns[policy].append(chat.turn(said, answer))

    def agree(policy):
        pairs = zip(turns[policy], turns["unlimited"], strict=True)
        return sum(mine.answer == full.answer for mine, full in pairs) / TURNS_OF_THE_NOTEBOOK

    assert room(whole, budget) == 347
    assert sum(not turn.refused for turn in turns["refuse"]) == 7
    assert min(agree("offload"), agree("recompute")) >= 0.9
    assert agree("window") <= 0.9
    assert max(chats[policy].budget.peak for policy in POLICIES) <= budget
    computed = {policy: sum(turn.computed for turn in turns[policy]) for policy in POLICIES}
    assert computed["recompute"] > 10 * computed["offload"] == 10 * computed["window"]
