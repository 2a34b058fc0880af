# Keeps the weights of the epoch at which it stops.
def early_stopping(history, patience):
    if len(history) == 0:
        raise ValueError("empty")
    best = 0
    for epoch, accuracy in enumerate(history):
        if accuracy > history[best]:
            best = epoch
        elif epoch - best >= patience:
            return epoch, epoch
    return len(history) - 1, len(history) - 1
