# Counts epochs from 1.
def early_stopping(history, patience):
    if len(history) == 0:
        raise ValueError("empty")
    best = 0
    for epoch, accuracy in enumerate(history):
        if accuracy > history[best]:
            best = epoch
        elif epoch - best >= patience:
            return best + 1, epoch + 1
    return best + 1, len(history)
