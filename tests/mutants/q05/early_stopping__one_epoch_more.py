# Waits one epoch longer than the patience.
def early_stopping(history, patience):
    if len(history) == 0:
        raise ValueError("empty")
    best = 0
    for epoch, accuracy in enumerate(history):
        if accuracy > history[best]:
            best = epoch
        elif epoch - best > patience:
            return best, epoch
    return best, len(history) - 1
