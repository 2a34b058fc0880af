# Gives a seat away in the step that frees it: more sequences than seats are computed.
def continuous_step(waiting, running, seats):
    staying = sum(left > 1 for _, left in running)
    new = waiting[: max(0, seats - staying)]
    stepped = [(request, left - 1) for request, left in running + new]
    ended = [request for request, left in stepped if left == 0]
    running = [(request, left) for request, left in stepped if left > 0]
    return waiting[len(new) :], running, [request for request, _ in new], ended
