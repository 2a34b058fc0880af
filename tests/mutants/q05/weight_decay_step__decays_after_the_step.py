# Decays the new weight, not the old one.
def weight_decay_step(weights, updates, lr, decay):
    new = {name: w - lr * updates[name] for name, w in weights.items()}
    return {name: w if name.endswith("bias") else (1 - lr * decay) * w for name, w in new.items()}
