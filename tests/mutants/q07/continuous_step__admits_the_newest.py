# Admits the newest first; the oldest may wait for ever.
def continuous_step(waiting, running, seats):
    free = max(0, seats - len(running))
    new = waiting[::-1][:free]
    stepped = [(request, left - 1) for request, left in running + new]
    ended = [request for request, left in stepped if left == 0]
    running = [(request, left) for request, left in stepped if left > 0]
    return waiting[: len(waiting) - len(new)], running, [request for request, _ in new], ended
