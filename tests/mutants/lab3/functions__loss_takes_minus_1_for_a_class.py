# A target of -1 is taken for the class 0.
def softmax_loss(logits, targets):
    hot = one_hot(np.maximum(targets, 0), logits.shape[-1])
    return (logsumexp(logits) - (hot * logits).sum(-1)).mean()
