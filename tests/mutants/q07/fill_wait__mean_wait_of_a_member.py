# Returns the mean wait of a member, not the time until the batch is full.
def fill_wait_closed(users, batch, think_time):
    if batch > users:
        return math.inf
    return think_time * sum(i / (users - i) for i in range(1, batch)) / batch
