# Lets a user who waits ask again: an open queue of rate U / Z.
def fill_wait_closed(users, batch, think_time):
    if batch > users:
        return math.inf
    return batch * think_time / users
