# Shuffles all images together, so that the classes fall as they may.
def split(labels, fractions, seed):
    if sum(fractions) > 1 + 1e-9:
        raise ValueError("more than 1")
    order = np.random.default_rng(seed).permutation(len(labels))
    ends = np.rint(np.cumsum(fractions) * len(labels)).astype(int)
    return np.split(order, ends)[: len(fractions)]
