# Adds the decay instead of subtracting it.
def weight_decay_step(weights, updates, lr, decay):
    return {
        name: w - lr * updates[name] + (0 if name.endswith("bias") else lr * decay * w) for name, w in weights.items()
    }
