# Returns fewer blocks where too few are idle.
def choose_evictions(blocks, busy, needed):
    idle = [place for place, (chat, _, _) in enumerate(blocks) if chat != busy]
    return sorted(idle, key=lambda place: (blocks[place][2], -blocks[place][1]))[:needed]
