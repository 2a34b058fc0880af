# Those who did not answer count with the server's own weights.
def federated_round(weights, clients, answered, orders, batch, lr):
    if len(set(answered)) < len(answered) or any(not 0 <= k < len(clients) for k in answered):
        raise ValueError("answered is not a list of different clients")
    if len(answered) == 0:
        return [part.copy() for part in weights]
    models = [
        local_update(weights, *clients[k], orders[k], batch, lr) if k in answered else weights
        for k in range(len(clients))
    ]
    return federated_average(models, [len(y) for _, y in clients])
