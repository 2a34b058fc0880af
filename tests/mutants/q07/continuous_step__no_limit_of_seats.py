# Admits everybody who waits.
def continuous_step(waiting, running, seats):
    stepped = [(request, left - 1) for request, left in running + waiting]
    ended = [request for request, left in stepped if left == 0]
    running = [(request, left) for request, left in stepped if left > 0]
    return [], running, [request for request, _ in waiting], ended
