# Lets an equal accuracy count as a new best.
def early_stopping(history, patience):
    if len(history) == 0:
        raise ValueError("empty")
    best = 0
    for epoch, accuracy in enumerate(history):
        if accuracy >= history[best]:
            best = epoch
        elif epoch - best >= patience:
            return best, epoch
    return best, len(history) - 1
