# Counts whole rounds.
def rounds_to(history, target):
    if len(history) == 0:
        raise ValueError("the history is empty")
    best = history[0]
    if best >= target:
        return 0.0
    for number, accuracy in enumerate(history[1:], 1):
        if accuracy >= target:
            return number
        best = max(best, accuracy)
    return math.inf
