# Each client draws its shards for itself, so that some shards are given out twice.
def split_by_label(labels, clients, shards, seed):
    if len(labels) < clients * shards:
        raise ValueError("too few examples")
    pieces = np.array_split(np.argsort(labels, kind="stable"), clients * shards)
    random = np.random.default_rng(seed)
    dealt = [random.permutation(clients * shards)[:shards] for _ in range(clients)]
    return [np.concatenate([pieces[piece] for piece in hand]) for hand in dealt]
