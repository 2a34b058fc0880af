# Passes the same shares around from epoch to epoch.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    shares = np.array_split(np.random.default_rng(seed).permutation(n), ranks)
    return [shares[(r + epoch) % ranks] for r in range(ranks)]
