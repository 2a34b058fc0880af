# Evicts a chat from its start, which makes the rest useless.
def choose_evictions(blocks, busy, needed):
    idle = [place for place, (chat, _, _) in enumerate(blocks) if chat != busy]
    if len(idle) < needed:
        raise ValueError("too few")
    return sorted(idle, key=lambda place: (blocks[place][2], blocks[place][1]))[:needed]
