# The losses are added up and not averaged.
def softmax_loss(logits, targets):
    counts = targets >= 0
    hot = one_hot(np.where(counts, targets, 0), logits.shape[-1])
    return ((logsumexp(logits) - (hot * logits).sum(-1)) * counts).sum()
