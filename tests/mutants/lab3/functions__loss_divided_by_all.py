# Targets of -1 count in the number that the sum is divided by.
def softmax_loss(logits, targets):
    counts = targets >= 0
    hot = one_hot(np.where(counts, targets, 0), logits.shape[-1])
    return ((logsumexp(logits) - (hot * logits).sum(-1)) * counts).mean()
