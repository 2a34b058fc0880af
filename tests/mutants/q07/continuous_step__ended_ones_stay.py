# Leaves ended requests in the list until the next step.
def continuous_step(waiting, running, seats):
    new = waiting[: max(0, seats - len(running))]
    stepped = [(request, left - 1) for request, left in running + new if left > 0]
    ended = [request for request, left in stepped if left == 0]
    return waiting[len(new) :], stepped, [request for request, _ in new], ended
