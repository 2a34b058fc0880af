# Gives client 0 the first shards, client 1 the next ones: with two shards, nearly one class each.
def split_by_label(labels, clients, shards, seed):
    if len(labels) < clients * shards:
        raise ValueError("too few examples")
    pieces = np.array_split(np.argsort(labels, kind="stable"), clients * shards)
    dealt = np.arange(clients * shards).reshape(clients, shards)
    return [np.concatenate([pieces[piece] for piece in hand]) for hand in dealt]
