# Clients go on from their own weights of the round before, not from the server's.
_own = {}


def federated_round(weights, clients, answered, orders, batch, lr):
    if len(set(answered)) < len(answered) or any(not 0 <= k < len(clients) for k in answered):
        raise ValueError("answered is not a list of different clients")
    if len(answered) == 0:
        return [part.copy() for part in weights]
    for k in answered:
        start = _own[k] if k in _own and _own[k][0].shape == weights[0].shape else weights
        _own[k] = local_update(start, *clients[k], orders[k], batch, lr)
    return federated_average([_own[k] for k in answered], [len(clients[k][1]) for k in answered])
