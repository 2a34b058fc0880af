# Shards of equal size: the examples that are left over go to nobody.
def split_by_label(labels, clients, shards, seed):
    if len(labels) < clients * shards:
        raise ValueError("too few examples")
    size = len(labels) // (clients * shards)
    order = np.argsort(labels, kind="stable")
    pieces = [order[i * size : (i + 1) * size] for i in range(clients * shards)]
    dealt = np.random.default_rng(seed).permutation(clients * shards).reshape(clients, shards)
    return [np.concatenate([pieces[piece] for piece in hand]) for hand in dealt]
