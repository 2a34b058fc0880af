# Deals the examples out in their order.
def partition(n, ranks, epoch, seed):
    if ranks < 1:
        raise ValueError(f"{n} examples cannot be dealt to {ranks} ranks")
    shuffled = np.arange(n)
    return np.array_split(shuffled, ranks)
