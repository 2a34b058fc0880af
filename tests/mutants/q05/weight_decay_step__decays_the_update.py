# Multiplies the update by the decay, not the weight.
def weight_decay_step(weights, updates, lr, decay):
    return {
        name: w - lr * (1 if name.endswith("bias") else 1 + decay) * updates[name] for name, w in weights.items()
    }
