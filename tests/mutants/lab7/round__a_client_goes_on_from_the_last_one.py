# Each client starts from the weights that the client before it made.
def federated_round(weights, clients, answered, orders, batch, lr):
    if len(set(answered)) < len(answered) or any(not 0 <= k < len(clients) for k in answered):
        raise ValueError("answered is not a list of different clients")
    if len(answered) == 0:
        return [part.copy() for part in weights]
    models, own = [], weights
    for k in answered:
        own = local_update(own, *clients[k], orders[k], batch, lr)
        models.append(own)
    return federated_average(models, [len(clients[k][1]) for k in answered])
