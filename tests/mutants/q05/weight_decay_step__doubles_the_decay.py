# Takes the derivative of decay times the square, a factor of two too much.
def weight_decay_step(weights, updates, lr, decay):
    return {
        name: w - lr * (updates[name] + (0 if name.endswith("bias") else 2 * decay) * w) for name, w in weights.items()
    }
