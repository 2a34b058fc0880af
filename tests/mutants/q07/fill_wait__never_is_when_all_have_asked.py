# Fewer users than seats: returns when the last of them has asked.
def fill_wait_closed(users, batch, think_time):
    return think_time * sum(1 / k for k in range(max(1, users - batch + 1), users + 1))
