# Pulls by the decay alone, without the learning rate.
def weight_decay_step(weights, updates, lr, decay):
    return {
        name: w - lr * updates[name] - (0 if name.endswith("bias") else decay * w) for name, w in weights.items()
    }
