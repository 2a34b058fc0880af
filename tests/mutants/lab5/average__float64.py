# Computes float32 gradients in float64 and leaves them so.
def average_gradients(gradients, tokens):
    total = sum(tokens)
    if len(tokens) != len(gradients) or total <= 0:
        raise ValueError(f"{len(gradients)} ranks and counts {list(tokens)} give no average")
    averages = []
    for parts in zip(*gradients, strict=True):
        ranks = [(t, g) for t, g in zip(tokens, parts, strict=True) if t > 0 and g is not None]
        averages.append(sum(np.float64(t / total) * g for t, g in ranks) if ranks else None)
    return averages
