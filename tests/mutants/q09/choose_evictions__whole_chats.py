# Evicts all of a chat, more than is needed.
def choose_evictions(blocks, busy, needed):
    idle = [place for place, (chat, _, _) in enumerate(blocks) if chat != busy]
    if len(idle) < needed:
        raise ValueError("too few")
    order = sorted(idle, key=lambda place: (blocks[place][2], -blocks[place][1]))
    while 0 < needed < len(order) and blocks[order[needed]][0] == blocks[order[needed - 1]][0]:
        needed += 1
    return order[:needed]
