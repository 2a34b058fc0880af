# Gives up at the first size that does not keep up, although larger ones do.
def pick_batch(target, rate, tokens, a, b):
    best, batch = None, 1
    while (batch - 1) / (2 * rate) + tokens * (a + b * batch) <= target:
        if rate * tokens * (a + b * batch) / batch > 0.8:
            break
        best = batch
        batch += 1
    return best
