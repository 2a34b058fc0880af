# Lets biases decay like weights.
def weight_decay_step(weights, updates, lr, decay):
    return {name: w - lr * updates[name] - lr * decay * w for name, w in weights.items()}
