# Counts only the time of the batch itself, and stops at 1,000.
def pick_batch(target, rate, tokens, a, b):
    found = [
        B for B in range(1, 1001) if tokens * (a + b * B) <= target and rate * tokens * (a + b * B) / B <= 0.8
    ]
    return max(found, default=None)
