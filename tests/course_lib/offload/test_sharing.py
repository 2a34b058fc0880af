"""Turns on a shared card: nothing again while all fits, what is missing counts, bad choices are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.offload.sharing import oldest_from_the_start, take_turns


def oldest_from_the_end(blocks, busy, needed):
    idle = [i for i, (chat, _, _) in enumerate(blocks) if chat != busy]
    return sorted(idle, key=lambda i: (blocks[i][2], -blocks[i][1]))[:needed]


orders = st.lists(st.integers(0, 3), min_size=2, max_size=24)


@given(orders, st.integers(1, 70))
def test_nothing_is_computed_again_while_all_chats_fit(order, tokens):
    room = sum(-(-order.count(chat) * tokens // 16) for chat in set(order)) * 16
    assert take_turns(None, room, order, tokens) == [0] * len(order)


def test_two_chats_worked_out_by_hand():
    # Room for 5 blocks of 10. A has 2, B 2, then A needs 4: 1 is free, so one of B's goes.
    run = {"order": [0, 1, 0, 1], "tokens": 20, "block": 10}
    assert take_turns(oldest_from_the_end, 50, **run) == [0, 0, 0, 10]
    assert take_turns(oldest_from_the_start, 50, **run) == [0, 0, 0, 20]


chats = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=5)


@given(chats, st.randoms(use_true_random=False), st.integers(0, 4), st.integers(0, 40))
def test_from_the_start_a_chat_loses_its_first_block_first_and_the_busy_one_none(held, random, busy, needed):
    """Step by step, of the idle blocks that are left: the least recently used, and the first of its chat."""
    blocks = [(chat, index, used) for chat, (used, size) in enumerate(held) for index in range(size)]
    random.shuffle(blocks)
    places = oldest_from_the_start(blocks, busy, needed)
    left = {place for place, (chat, _, _) in enumerate(blocks) if chat != busy}
    assert len(places) == min(needed, len(left))
    for place in places:
        assert place in left
        chat, index, used = blocks[place]
        assert used == min(blocks[other][2] for other in left)
        assert index == min(blocks[other][1] for other in left if blocks[other][0] == chat)
        left.remove(place)


@given(orders, st.integers(16, 80), st.floats(0, 1))
def test_no_turn_computes_more_again_than_its_chat_had(order, tokens, share):
    longest = max(-(-order.count(chat) * tokens // 16) for chat in order)
    room = int(longest * (1 + share)) * 16
    again = take_turns(oldest_from_the_end, room, order, tokens)
    had = [order[:turn].count(chat) * tokens for turn, chat in enumerate(order)]
    assert all(0 <= now <= before for now, before in zip(again, had, strict=True))


@pytest.mark.parametrize(
    ("choose", "message"),
    [
        (lambda blocks, busy, needed: [], "1 different blocks are needed, not 0"),
        (lambda blocks, busy, needed: [2, 2], "1 different blocks are needed, not 1"),
        (lambda blocks, busy, needed: [0], "chat 0 is computing and needs its block 0"),
    ],
)
def test_a_choice_that_frees_nothing_is_refused(choose, message):
    with pytest.raises(ValueError, match=message):
        take_turns(choose, 50, [0, 1, 0, 1], tokens=20, block=10)
