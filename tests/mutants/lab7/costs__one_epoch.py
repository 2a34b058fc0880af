# Forgets the epochs.
def local_updates(epochs, sizes, batch):
    return [math.ceil(size / batch) for size in sizes]
