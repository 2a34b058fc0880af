# Divides each gradient by its tokens once more.
def average_gradients(gradients, tokens):
    total = sum(tokens)
    if len(tokens) != len(gradients) or total <= 0:
        raise ValueError(f"{len(gradients)} ranks and counts {list(tokens)} give no average")
    averages = []
    for parts in zip(*gradients, strict=True):
        ranks = [(t, g) for t, g in zip(tokens, parts, strict=True) if t > 0 and g is not None]
        scale = sum(1 / t for t, _ in ranks) if ranks else 1.0
        averages.append(sum(float(1 / t / scale) * g for t, g in ranks) if ranks else None)
    return averages
