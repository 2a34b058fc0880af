# Gives the whole rest to the last rank.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    shuffled = np.random.default_rng([seed, epoch]).permutation(n)
    size = n // ranks
    ends = [size * r for r in range(1, ranks)]
    return np.split(shuffled, ends)
