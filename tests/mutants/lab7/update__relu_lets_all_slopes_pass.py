# Hands slopes down through units that are at 0.
def local_update(weights, x, y, order, batch, lr):
    w1, b1, w2, b2 = (part.copy() for part in weights)
    for epoch in order:
        for start in range(0, len(epoch), batch):
            chosen = epoch[start : start + batch]
            xs, ys = x[chosen], y[chosen]
            hidden = np.maximum(xs @ w1.T + b1, 0)
            scores = hidden @ w2.T + b2
            slope = np.exp(scores - scores.max(axis=1, keepdims=True))
            slope /= slope.sum(axis=1, keepdims=True)
            slope[np.arange(len(ys)), ys] -= 1
            slope /= len(ys)
            below = slope @ w2
            w2 -= lr * slope.T @ hidden
            b2 -= lr * slope.sum(axis=0)
            w1 -= lr * below.T @ xs
            b1 -= lr * below.sum(axis=0)
    return [w1, b1, w2, b2]
