# Returns places among the idle blocks, not in the list.
def choose_evictions(blocks, busy, needed):
    idle = [block for block in blocks if block[0] != busy]
    if len(idle) < needed:
        raise ValueError("too few")
    return sorted(range(len(idle)), key=lambda place: (idle[place][2], -idle[place][1]))[:needed]
