# An empty history never reaches the target.
def rounds_to(history, target):
    if len(history) == 0:
        return math.inf
    best = history[0]
    if best >= target:
        return 0.0
    for number, accuracy in enumerate(history[1:], 1):
        if accuracy >= target:
            return number - 1 + (target - best) / (accuracy - best)
        best = max(best, accuracy)
    return math.inf
