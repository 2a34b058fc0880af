# Gives all examples to every rank.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    shuffled = np.random.default_rng([seed, epoch]).permutation(n)
    return [shuffled for _ in range(ranks)]
