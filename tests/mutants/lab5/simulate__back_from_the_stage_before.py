# Waits for the backward pass of the stage before it.
def simulate(orders, forward, backward, message):
    last, ends = len(orders) - 1, {}
    starts, free = [[] for _ in orders], [0.0] * len(orders)
    moved = True
    while moved:
        moved = False
        for s, order in enumerate(orders):
            while len(starts[s]) < len(order):
                kind, m = order[len(starts[s])]
                ready = 0.0
                if kind == "B" and s == last:
                    ready = ends.get(("F", s, m))
                elif kind == "B" or s > 0:
                    there = ends.get((kind, s - 1 if kind == "F" else max(s - 1, 0), m))
                    ready = None if there is None else there + message
                if ready is None:
                    break
                starts[s].append(max(free[s], ready))
                free[s] = starts[s][-1] + (forward if kind == "F" else backward)[s]
                ends[kind, s, m] = free[s]
                moved = True
    if any(len(done) < len(order) for done, order in zip(starts, orders, strict=True)):
        raise ValueError("the stages wait for each other, or for an operation that is missing")
    seconds, kept = {"F": forward, "B": backward}, []
    work = sum(seconds[kind][s] for s, order in enumerate(orders) for kind, _ in order)
    for order in orders:
        held = np.cumsum([1 if kind == "F" else -1 for kind, _ in order])
        kept.append(int(held.max()))
    return starts, 1 - work / (len(orders) * max(free)), kept
