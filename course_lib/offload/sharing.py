"""Several chats take turns on one card: what a way of evicting makes them compute again."""

import heapq
from collections.abc import Callable, Sequence

from course_lib.arguments import COUNT, INTEGER, WHOLE, each, function, or_none, takes
from course_lib.notebook.reference import reference

# From blocks (chat, index in it, turn of last use), the busy chat and blocks needed: places to evict.
Choose = Callable[[list[tuple[int, int, int]], int, int], list[int]]


@reference("Q9.4")
def oldest_from_the_start(blocks: list[tuple[int, int, int]], busy: int, needed: int) -> list[int]:
    """A `Choose`: the chat that was not used for the longest time first, and of a chat the first block first.

    What is left of a chat is then of no use to it: this is the rule to compare a better one with. It names
    fewer than `needed` blocks where the other chats have no more.
    """
    others = ((used, index, at) for at, (chat, index, used) in enumerate(blocks) if chat != busy)
    return [at for _, _, at in heapq.nsmallest(needed, others)]


@takes(choose=or_none(function), room=WHOLE, order=each(INTEGER), tokens=COUNT, block=COUNT)
def take_turns(
    choose: Choose, room: int, order: Sequence[int], tokens: int = 300, block: int = 16
) -> list[int]:
    """Tokens that each turn computes again; `order` says whose turn it is, chat by chat.

    Each turn adds `tokens` to its chat, and needs all of the chat in the `room` (tokens, in whole blocks).
    Keys and values depend on all tokens before them, so of a chat only the blocks up to the first that is
    missing are of use. Raises ValueError for a negative room, tokens or a block below 1, and when
    `choose` names a block of the busy chat, one twice, one that is not there, or too few.
    """
    cached: dict[int, set[int]] = {chat: set() for chat in sorted(set(order))}
    lengths, used = dict.fromkeys(cached, 0), dict.fromkeys(cached, 0)
    again = []
    for turn, busy in enumerate(order, 1):
        before, lengths[busy] = lengths[busy], lengths[busy] + tokens
        usable = next(index for index in range(len(cached[busy]) + 1) if index not in cached[busy])
        cached[busy] = set(range(usable))
        again.append(max(0, before - usable * block))
        wanted = -(-(before + tokens) // block)
        missing = wanted - usable - (room // block - sum(map(len, cached.values())))
        if missing > 0:
            held = [(chat, index, used[chat]) for chat in cached for index in sorted(cached[chat])]
            _evict(cached, held, choose(list(held), busy, missing), busy, missing)
        cached[busy], used[busy] = set(range(wanted)), turn
    return again


def _evict(cached: dict[int, set[int]], held: list, places: list[int], busy: int, missing: int) -> None:
    if len(set(places)) != len(places) or len(places) < missing:
        raise ValueError(f"{missing} different blocks are needed, not {len(set(places))}")
    for place in places:
        if not 0 <= place < len(held):
            raise ValueError(f"choose named block {place}, there are {len(held)}")
        chat, index, _ = held[place]
        if chat == busy:
            raise ValueError(f"chat {busy} is computing and needs its block {index}")
        cached[chat].remove(index)
