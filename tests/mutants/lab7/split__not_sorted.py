# Cuts the examples as they come, without sorting them by label.
def split_by_label(labels, clients, shards, seed):
    if len(labels) < clients * shards:
        raise ValueError("too few examples")
    pieces = np.array_split(np.arange(len(labels)), clients * shards)
    dealt = np.random.default_rng(seed).permutation(clients * shards).reshape(clients, shards)
    return [np.concatenate([pieces[piece] for piece in hand]) for hand in dealt]
