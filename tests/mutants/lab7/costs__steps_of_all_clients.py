# Adds the steps of all clients up.
def local_updates(epochs, sizes, batch):
    return sum(epochs * math.ceil(size / batch) for size in sizes)
