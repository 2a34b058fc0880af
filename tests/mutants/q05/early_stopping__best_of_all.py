# Knows the future: takes the best of the whole history.
def early_stopping(history, patience):
    best = int(np.argmax(history))
    return best, min(best + patience, len(history) - 1)
