# Tries no batch beyond 64.
def pick_batch(target, rate, tokens, a, b):
    best = None
    for batch in range(1, 65):
        T = tokens * (a + b * batch)
        if (batch - 1) / (2 * rate) + T <= target and rate * T / batch <= 0.8:
            best = batch
    return best
