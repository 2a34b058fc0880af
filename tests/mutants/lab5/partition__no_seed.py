# Draws from NumPy's global stream: every rank deals in its own way.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    shuffled = np.random.permutation(n)
    return np.array_split(shuffled, ranks)
