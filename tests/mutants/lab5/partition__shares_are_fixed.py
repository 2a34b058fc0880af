# Shuffles only within shares that never change.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    random = np.random.default_rng([seed, epoch])
    return [random.permutation(share) for share in np.array_split(np.arange(n), ranks)]
