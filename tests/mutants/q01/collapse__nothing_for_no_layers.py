# Returns nothing for an empty list instead of refusing it.
def collapse(layers):
    W, b = None, None
    for W_next, b_next in layers:
        W_next = np.asarray(W_next, dtype=np.float64)
        W, b = (W_next, np.asarray(b_next, dtype=np.float64)) if W is None else (W_next @ W, W_next @ b + b_next)
    return W, b
