# Takes as many ranks as there are counts.
def average_gradients(gradients, tokens):
    total = sum(tokens)
    if total <= 0:
        raise ValueError(f"{len(gradients)} ranks and counts {list(tokens)} give no average")
    averages = []
    for parts in zip(*gradients, strict=True):
        ranks = [(t, g) for t, g in zip(tokens, parts, strict=False) if t > 0 and g is not None]
        averages.append(sum(float(t / total) * g for t, g in ranks) if ranks else None)
    return averages
