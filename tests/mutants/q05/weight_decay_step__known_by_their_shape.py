# Takes whatever has one axis for a bias, where names tell.
def weight_decay_step(weights, updates, lr, decay):
    return {name: w - lr * updates[name] - (lr * decay * w if w.ndim > 1 else 0) for name, w in weights.items()}
