# Takes the sizes of the first clients for those of the clients who answered.
def federated_round(weights, clients, answered, orders, batch, lr):
    if len(set(answered)) < len(answered) or any(not 0 <= k < len(clients) for k in answered):
        raise ValueError("answered is not a list of different clients")
    if len(answered) == 0:
        return [part.copy() for part in weights]
    models = [local_update(weights, *clients[k], orders[k], batch, lr) for k in answered]
    return federated_average(models, [len(y) for _, y in clients[: len(answered)]])
