# Takes the gap for a distance.
def generalization_gap(scores_train, y_train, scores_validation, y_validation):
    train = np.mean(np.argmax(scores_train, axis=1) == y_train)
    return float(100 * abs(train - np.mean(np.argmax(scores_validation, axis=1) == y_validation)))
