# Starts the same order at another place in each epoch.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    shuffled = np.roll(np.random.default_rng(seed).permutation(n), epoch * (n // ranks))
    return np.array_split(shuffled, ranks)
