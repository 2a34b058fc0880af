# Admits a single request per step.
def continuous_step(waiting, running, seats):
    new = waiting[:1] if len(running) < seats else []
    stepped = [(request, left - 1) for request, left in running + new]
    ended = [request for request, left in stepped if left == 0]
    running = [(request, left) for request, left in stepped if left > 0]
    return waiting[len(new) :], running, [request for request, _ in new], ended
