# Counts up to where the accuracy stays above the target.
def rounds_to(history, target):
    if len(history) == 0:
        raise ValueError("the history is empty")
    below = [number for number, accuracy in enumerate(history) if accuracy < target]
    if not below:
        return 0.0
    if below[-1] == len(history) - 1:
        return math.inf
    before, after = history[below[-1]], history[below[-1] + 1]
    return below[-1] + (target - before) / (after - before)
