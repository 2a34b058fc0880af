"""A chat's steps account for every token, never pass the room, and cost what the roofline says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import shapes
from course_lib.costs.roofline import Device, decode_work, prefill_work
from course_lib.offload import card
from course_lib.offload.memory import POLICIES, Server, Step, Turn, delays, plan

SERVER = Server.of(card.MODEL, card.CARD, card.LINK, card.WEIGHT_BYTES)
# An RTX 4080's arithmetic and weights as the model has them: what the roofline counts, byte for byte.
OWN_WEIGHTS = Server.of(card.MODEL, card.CARD, card.LINK, 2 * shapes.matrix_parameters(card.MODEL))

chats = st.tuples(st.integers(2, 120), st.integers(1, 6), st.integers(1, 30), st.integers(1, 30)).filter(
    lambda chat: chat[0] >= chat[2] + chat[3]
)


def test_room_beside_the_weights_is_the_known_answer():
    assert SERVER.room == 3814
    assert Server.of(card.MODEL, card.CARD, card.LINK, card.WEIGHT_BYTES / 2).room == 17166
    assert Server.of(card.MODEL, card.CARD, card.LINK, card.WEIGHT_BYTES, reserve=1e9).room == 1907


def test_full_cache_slows_a_step_by_the_share_of_its_bytes():
    empty, full = SERVER.seconds(Step(0, 1)), SERVER.seconds(Step(SERVER.room - 1, 1))
    assert full / empty - 1 == pytest.approx(2 / 14, abs=1e-3)
    assert SERVER.seconds(Step(99_999, 1)) / empty == pytest.approx(1 + 52.4288 / 14, rel=1e-3)


@given(st.integers(1, 5000))
def test_one_new_token_is_a_decode_step_and_an_empty_cache_a_prefill(context):
    device = OWN_WEIGHTS.device
    decode = device.seconds(decode_work(card.MODEL, [context]))
    assert OWN_WEIGHTS.seconds(Step(context - 1, 1)) == pytest.approx(decode)
    assert OWN_WEIGHTS.seconds(Step(0, context)) == pytest.approx(
        device.seconds(prefill_work(card.MODEL, [context]))
    )


@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 900))
def test_prefill_in_two_chunks_computes_what_one_computes(cached, first, second):
    slow = Server(card.MODEL, Device(1e9, 1e20, 1e12), 1e9, 1.0)  # time is arithmetic alone
    head = (
        slow.device.seconds(prefill_work(card.MODEL, [1]))
        - (2 * (shapes.matrix_parameters(card.MODEL) - 4096 * 32000) + 4 * 32 * 4096) / 1e9
    )
    parts = slow.seconds(Step(cached, first)) + slow.seconds(Step(cached + first, second))
    assert parts == pytest.approx(slow.seconds(Step(cached, first + second)) + head)


def test_tokens_outside_wait_for_the_link_on_top():
    inside, outside = SERVER.seconds(Step(4095, 1)), SERVER.seconds(Step(4095, 1, outside=282))
    assert outside - inside == pytest.approx(282 * 524_288 / 25e9)


@pytest.mark.parametrize("policy", POLICIES)
@given(chats)
def test_every_token_of_a_chat_is_held_outside_forgotten_or_refused(policy, chat):
    room, turns, prompt, answer = chat
    planned = plan(policy, *chat)
    assert [turn.context for turn in planned] == [(t + 1) * (prompt + answer) for t in range(turns)]
    for turn in planned:
        if turn.refused:
            assert policy in ("refuse", "int8 weights")
            assert turn.context - 1 > room
            continue
        assert len(turn.steps) == answer
        assert turn.held <= room
        computed_again = turn.context - 1 - turn.held - turn.outside - turn.forgotten
        assert computed_again == (max(0, turn.context - 1 - room) if policy == "recompute" else 0)


@given(chats)
def test_policies_differ_only_when_the_chat_outgrows_the_room(chat):
    _, turns, prompt, answer = chat
    room = turns * (prompt + answer)
    refuse, offload, window = (plan(policy, room, *chat[1:]) for policy in ("refuse", "offload", "window"))
    assert refuse == offload == window
    recompute = plan("recompute", room, *chat[1:])
    assert [turn.steps[1:] for turn in recompute] == [turn.steps[1:] for turn in refuse]
    assert all(step.cached == 0 for step in (turn.steps[0] for turn in recompute))


@given(chats)
def test_each_step_sees_what_its_policy_promises(chat):
    room, _, _prompt, answer = chat
    for policy in ("recompute", "offload", "window"):
        for turn in plan(policy, *chat):
            seen = [step.cached + step.new for step in turn.steps]
            whole = [turn.context - answer + token for token in range(answer)]
            assert seen == [min(room, tokens) if policy == "window" else tokens for tokens in whole]
            assert all(step.outside == 0 or policy == "offload" for step in turn.steps)
            assert all(step.outside == max(0, step.cached - room) for step in turn.steps)


def test_delays_of_a_chat_worked_out_by_hand():
    turn = Turn(6, (Step(0, 4), Step(4, 1), Step(5, 1)))
    waited = delays(SERVER, turn)
    first, second, third = (SERVER.seconds(step) for step in turn.steps)
    assert (waited.first, waited.token) == (first, (second + third) / 2)
    assert waited.turn == pytest.approx(first + second + third)
    assert delays(SERVER, Turn(6)) is None


def test_only_recompute_waits_longer_for_the_first_token_while_the_chat_still_fits():
    first = {
        policy: [delays(SERVER, turn).first for turn in plan(policy, SERVER.room, 7, 400, 100)]
        for policy in ("refuse", "recompute")
    }
    assert first["refuse"][-1] / first["refuse"][0] < 1.15
    assert first["recompute"][-1] / first["recompute"][0] > 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pray", 100, 1, 10, 10), "unknown policy 'pray'; known: refuse, recompute"),
        (("window", 100, 0, 10, 10), "must be at least 1, not 0, 10 and 10"),
        (("window", 19, 1, 10, 10), "room for 19 tokens does not hold a turn of 10 \\+ 10"),
    ],
)
def test_a_chat_that_cannot_be_is_refused_in_one_line(arguments, message):
    with pytest.raises(ValueError, match=message):
        plan(*arguments)


def test_a_step_without_a_token_is_refused():
    with pytest.raises(ValueError, match="at least one token, not 0"):
        SERVER.seconds(Step(10, 0))
