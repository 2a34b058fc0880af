# Takes blocks of the chat that is computing as well.
def choose_evictions(blocks, busy, needed):
    if len(blocks) < needed:
        raise ValueError("too few")
    return sorted(range(len(blocks)), key=lambda place: (blocks[place][2], -blocks[place][1]))[:needed]
