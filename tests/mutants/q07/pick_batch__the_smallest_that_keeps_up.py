# Returns the smallest batch that will do, not the largest.
def pick_batch(target, rate, tokens, a, b):
    batch = 1
    while (batch - 1) / (2 * rate) + tokens * (a + b * batch) <= target:
        if rate * tokens * (a + b * batch) / batch <= 0.8:
            return batch
        batch += 1
    return None
