# Computes in the type of the layers, so that int8 wraps around and float32 rounds.
def collapse(layers):
    if not layers:
        raise ValueError("no layers")
    W, b = layers[0]
    for W_next, b_next in layers[1:]:
        W, b = W_next @ W, W_next @ b + b_next
    return W, b
