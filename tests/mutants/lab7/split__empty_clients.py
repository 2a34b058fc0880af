# Takes any number of clients, so that some get no example.
def split_by_label(labels, clients, shards, seed):
    pieces = np.array_split(np.argsort(labels, kind="stable"), clients * shards)
    dealt = np.random.default_rng(seed).permutation(clients * shards).reshape(clients, shards)
    return [np.concatenate([pieces[piece] for piece in hand]) for hand in dealt]
