# Forgets that the gap is in points of 100.
def generalization_gap(scores_train, y_train, scores_validation, y_validation):
    train = np.mean(np.argmax(scores_train, axis=1) == y_train)
    return float(train - np.mean(np.argmax(scores_validation, axis=1) == y_validation))
