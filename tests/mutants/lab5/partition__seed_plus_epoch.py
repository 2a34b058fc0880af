# Adds seed and epoch, as torch's DistributedSampler does.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    shuffled = np.random.default_rng(seed + epoch).permutation(n)
    return np.array_split(shuffled, ranks)
