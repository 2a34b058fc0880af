# Takes steps of a batch to be as long as those of one sequence.
def pick_batch(target, rate, tokens, a, b):
    best, batch = None, 1
    while (batch - 1) / (2 * rate) + tokens * (a + b) <= target:
        if rate * tokens * (a + b) / batch <= 0.8:
            best = batch
        batch += 1
    return best
