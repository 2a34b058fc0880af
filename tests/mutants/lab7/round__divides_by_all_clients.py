# Divides by the examples of all clients, also of those who did not answer.
def federated_round(weights, clients, answered, orders, batch, lr):
    if len(set(answered)) < len(answered) or any(not 0 <= k < len(clients) for k in answered):
        raise ValueError("answered is not a list of different clients")
    if len(answered) == 0:
        return [part.copy() for part in weights]
    models = [local_update(weights, *clients[k], orders[k], batch, lr) for k in answered]
    total = sum(len(y) for _, y in clients)
    shares = [len(clients[k][1]) / total for k in answered]
    return [
        sum(s * part for s, part in zip(shares, parts, strict=True)) for parts in zip(*models, strict=True)
    ]
