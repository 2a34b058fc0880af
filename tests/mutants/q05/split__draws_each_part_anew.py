# Draws every part from all images, so that some are in two.
def split(labels, fractions, seed):
    if sum(fractions) > 1 + 1e-9:
        raise ValueError("more than 1")
    random = np.random.default_rng(seed)
    parts = []
    for fraction in fractions:
        part = [random.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
        parts.append(np.concatenate([members[: round(fraction * len(members))] for members in part]))
    return parts
