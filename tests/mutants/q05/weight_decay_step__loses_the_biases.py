# Returns the decayed weights only.
def weight_decay_step(weights, updates, lr, decay):
    return {name: w - lr * (updates[name] + decay * w) for name, w in weights.items() if name.endswith("weight")}
