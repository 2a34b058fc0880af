# Gives what it has after 1,000 draws, though a client has too few.
def split_dirichlet(labels, clients, alpha, least, seed):
    random = np.random.default_rng(seed)
    for _ in range(1000):
        parts = [[] for _ in range(clients)]
        for label in np.unique(labels):
            members = random.permutation(np.flatnonzero(labels == label))
            shares = random.dirichlet(np.full(clients, alpha))
            ends = np.rint(len(members) * np.cumsum(shares)[:-1]).astype(int)
            for part, piece in zip(parts, np.split(members, ends), strict=True):
                part.append(piece)
        split = [np.concatenate(part) for part in parts]
        if min(map(len, split)) >= least:
            return split
    return split
