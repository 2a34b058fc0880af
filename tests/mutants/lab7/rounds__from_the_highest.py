# Draws one line from the first accuracy to the highest.
def rounds_to(history, target):
    if len(history) == 0:
        raise ValueError("the history is empty")
    if history[0] >= target:
        return 0.0
    top = int(np.argmax(history))
    return top * (target - history[0]) / (history[top] - history[0]) if history[top] >= target else math.inf
