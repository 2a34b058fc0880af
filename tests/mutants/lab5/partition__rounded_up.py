# Rounds each share up, so that the last ranks get less.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    shuffled = np.random.default_rng([seed, epoch]).permutation(n)
    size = -(-n // ranks)
    return [shuffled[size * r : size * (r + 1)] for r in range(ranks)]
