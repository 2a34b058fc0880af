# Does not begin to count again after a new best.
def early_stopping(history, patience):
    if len(history) == 0:
        raise ValueError("empty")
    best = 0
    waited = 0
    for epoch in range(1, len(history)):
        if history[epoch] > history[best]:
            best = epoch
        else:
            waited += 1
        if waited >= patience:
            return best, epoch
    return best, len(history) - 1
