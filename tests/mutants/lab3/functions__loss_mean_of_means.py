# Three-dimensional logits: the mean over each sentence first, then over sentences.
def softmax_loss(logits, targets):
    counts = targets >= 0
    hot = one_hot(np.where(counts, targets, 0), logits.shape[-1])
    losses = (logsumexp(logits) - (hot * logits).sum(-1)) * counts
    if losses.ndim == 1:
        return losses.sum() / int(counts.sum())
    return (losses.sum(-1) / np.maximum(counts.sum(-1), 1)).mean()
