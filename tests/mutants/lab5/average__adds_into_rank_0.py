# Averages into the arrays of rank 0.
def average_gradients(gradients, tokens):
    total = sum(tokens)
    if len(tokens) != len(gradients) or total <= 0:
        raise ValueError(f"{len(gradients)} ranks and counts {list(tokens)} give no average")
    averages = []
    for parts in zip(*gradients, strict=True):
        ranks = [(t, g) for t, g in zip(tokens, parts, strict=True) if t > 0 and g is not None]
        if not ranks:
            averages.append(None)
            continue
        result = ranks[0][1]
        result *= float(ranks[0][0] / total)
        for t, g in ranks[1:]:
            result += float(t / total) * g
        averages.append(result)
    return averages
