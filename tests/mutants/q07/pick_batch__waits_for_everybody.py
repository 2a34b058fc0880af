# Takes the wait of the first member for the mean.
def pick_batch(target, rate, tokens, a, b):
    best, batch = None, 1
    while (batch - 1) / rate + tokens * (a + b * batch) <= target:
        if rate * tokens * (a + b * batch) / batch <= 0.8:
            best = batch
        batch += 1
    return best
