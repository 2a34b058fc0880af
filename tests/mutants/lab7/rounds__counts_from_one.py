# Takes the first accuracy for that after one round.
def rounds_to(history, target):
    if len(history) == 0:
        raise ValueError("the history is empty")
    best = history[0]
    if best >= target:
        return 1.0
    for number, accuracy in enumerate(history[1:], 1):
        if accuracy >= target:
            return number + (target - best) / (accuracy - best)
        best = max(best, accuracy)
    return math.inf
