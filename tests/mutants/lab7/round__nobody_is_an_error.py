# Averages nothing where nobody answered.
def federated_round(weights, clients, answered, orders, batch, lr):
    if len(set(answered)) < len(answered) or any(not 0 <= k < len(clients) for k in answered):
        raise ValueError("answered is not a list of different clients")
    models = [local_update(weights, *clients[k], orders[k], batch, lr) for k in answered]
    return federated_average(models, [len(clients[k][1]) for k in answered])
