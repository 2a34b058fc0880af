# Starts the sum one user too early: H_(U-1) - H_(U-B-1).
def fill_wait_closed(users, batch, think_time):
    if batch > users:
        return math.inf
    return think_time * sum(1 / k for k in range(max(1, users - batch), users))
