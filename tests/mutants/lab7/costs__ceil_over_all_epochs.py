# Rounds up once, over all epochs, as if batches went on from one epoch into the next.
def local_updates(epochs, sizes, batch):
    return [math.ceil(epochs * size / batch) for size in sizes]
