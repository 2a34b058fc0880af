# Drops what the ranks do not divide.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    shuffled = np.random.default_rng([seed, epoch]).permutation(n)
    return np.split(shuffled[: n // ranks * ranks], ranks)
