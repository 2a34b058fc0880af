# Returns the blocks instead of their places.
def choose_evictions(blocks, busy, needed):
    idle = [place for place, (chat, _, _) in enumerate(blocks) if chat != busy]
    if len(idle) < needed:
        raise ValueError("too few")
    return sorted((blocks[place] for place in idle), key=lambda block: (block[2], -block[1]))[:needed]
