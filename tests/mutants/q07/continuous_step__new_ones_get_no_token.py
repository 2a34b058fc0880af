# Gives the newly admitted no token in their first step.
def continuous_step(waiting, running, seats):
    new = waiting[: max(0, seats - len(running))]
    stepped = [(request, left - 1) for request, left in running]
    ended = [request for request, left in stepped if left == 0]
    running = [(request, left) for request, left in stepped if left > 0]
    return waiting[len(new) :], running + new, [request for request, _ in new], ended
