# Answers 1 when no batch will do.
def pick_batch(target, rate, tokens, a, b):
    best, batch = 1, 1
    while (batch - 1) / (2 * rate) + tokens * (a + b * batch) <= target:
        if rate * tokens * (a + b * batch) / batch <= 0.8:
            best = batch
        batch += 1
    return best
