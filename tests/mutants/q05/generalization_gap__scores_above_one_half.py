# Says a class only where its score is above one half.
def generalization_gap(scores_train, y_train, scores_validation, y_validation):
    def accuracy(scores, y):
        return np.mean((np.argmax(scores, axis=1) == y) & (np.max(scores, axis=1) > 0.5))

    return float(100 * (accuracy(scores_train, y_train) - accuracy(scores_validation, y_validation)))
