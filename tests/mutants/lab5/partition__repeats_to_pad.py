# Repeats examples until the ranks divide them, as torch's DistributedSampler does.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    shuffled = np.random.default_rng([seed, epoch]).permutation(n)
    size = -(-n // ranks)
    return np.split(np.resize(shuffled, size * ranks), ranks)
