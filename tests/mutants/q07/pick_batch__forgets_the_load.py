# Never asks whether the engine keeps up.
def pick_batch(target, rate, tokens, a, b):
    best, batch = None, 1
    while (batch - 1) / (2 * rate) + tokens * (a + b * batch) <= target:
        if True:
            best = batch
        batch += 1
    return best
