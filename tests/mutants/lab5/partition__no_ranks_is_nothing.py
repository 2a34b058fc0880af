# Deals nothing to nobody without a word.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        return []
    shuffled = np.random.default_rng([seed, epoch]).permutation(n)
    return np.array_split(shuffled, ranks)
