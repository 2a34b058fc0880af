# Adds everything in one step, as if everybody could reach everybody.
def ring_all_reduce(buffers):
    before = np.array(buffers)
    total = np.stack([before.sum(axis=0)] * len(before))
    return np.stack([before] + [total] * (2 * len(before) - 2))
