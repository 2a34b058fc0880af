# Forgets that thinking times differ: all ask after Z.
def fill_wait_closed(users, batch, think_time):
    return think_time if batch <= users else math.inf
