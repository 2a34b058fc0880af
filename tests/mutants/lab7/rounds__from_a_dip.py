# The line begins at the last accuracy, also where an earlier one was better.
def rounds_to(history, target):
    if len(history) == 0:
        raise ValueError("the history is empty")
    best = history[0]
    if best >= target:
        return 0.0
    for number, accuracy in enumerate(history[1:], 1):
        if accuracy >= target:
            return number - 1 + (target - best) / (accuracy - best)
        best = accuracy
    return math.inf
