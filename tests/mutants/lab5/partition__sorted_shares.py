# Sorts what a rank gets.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    shuffled = np.random.default_rng([seed, epoch]).permutation(n)
    return [np.sort(share) for share in np.array_split(shuffled, ranks)]
