# Divides whole numbers, which leaves zeros.
def average_gradients(gradients, tokens):
    total = sum(tokens)
    if len(tokens) != len(gradients) or total <= 0:
        raise ValueError(f"{len(gradients)} ranks and counts {list(tokens)} give no average")
    averages = []
    for parts in zip(*gradients, strict=True):
        ranks = [(t, g) for t, g in zip(tokens, parts, strict=True) if t > 0 and g is not None]
        averages.append(sum(float(t // total) * g for t, g in ranks) if ranks else None)
    return averages
