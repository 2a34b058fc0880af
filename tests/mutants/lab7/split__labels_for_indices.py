# Sorts the labels themselves, and takes them for the examples.
def split_by_label(labels, clients, shards, seed):
    if len(labels) < clients * shards:
        raise ValueError("too few examples")
    pieces = np.array_split(np.sort(labels), clients * shards)
    dealt = np.random.default_rng(seed).permutation(clients * shards).reshape(clients, shards)
    return [np.concatenate([pieces[piece] for piece in hand]) for hand in dealt]
