# Takes the images of each class in their order, whatever the seed.
def split(labels, fractions, seed):
    if sum(fractions) > 1 + 1e-9:
        raise ValueError("more than 1")
    parts = [[] for _ in fractions]
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        ends = np.rint(np.cumsum(fractions) * len(members)).astype(int)
        for part, indices in zip(parts, np.split(members, ends)):
            part.append(indices)
    return [np.concatenate(part) for part in parts]
