# Answers even where there is no epoch.
def early_stopping(history, patience):
    best = 0
    for epoch, accuracy in enumerate(history):
        if accuracy > history[best]:
            best = epoch
        elif epoch - best >= patience:
            return best, epoch
    return best, max(len(history) - 1, 0)
