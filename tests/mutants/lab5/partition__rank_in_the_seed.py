# Shuffles for each rank by a seed of its own.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    every = [np.random.default_rng([seed, epoch, r]).permutation(n) for r in range(ranks)]
    return [np.array_split(one, ranks)[r] for r, one in enumerate(every)]
