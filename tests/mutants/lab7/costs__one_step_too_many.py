# Counts a short batch where there is none.
def local_updates(epochs, sizes, batch):
    return [epochs * (size // batch + 1) for size in sizes]
