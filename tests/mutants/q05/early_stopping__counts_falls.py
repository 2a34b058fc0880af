# Counts epochs that fell below the one before, not below the best.
def early_stopping(history, patience):
    if len(history) == 0:
        raise ValueError("empty")
    best = 0
    falls = 0
    for epoch in range(1, len(history)):
        falls = falls + 1 if history[epoch] < history[epoch - 1] else 0
        best = epoch if history[epoch] > history[best] else best
        if falls >= patience:
            return best, epoch
    return best, len(history) - 1
