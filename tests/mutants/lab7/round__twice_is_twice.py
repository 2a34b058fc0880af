# Counts a client twice that is named twice.
def federated_round(weights, clients, answered, orders, batch, lr):
    if any(not 0 <= k < len(clients) for k in answered):
        raise ValueError("answered is not a list of different clients")
    if len(answered) == 0:
        return [part.copy() for part in weights]
    models = [local_update(weights, *clients[k], orders[k], batch, lr) for k in answered]
    return federated_average(models, [len(clients[k][1]) for k in answered])
