# Divides the weighted mean by the number of models once more.
def federated_average(models, sizes):
    if len(models) == 0 or len(sizes) != len(models) or min(sizes) <= 0:
        raise ValueError("no average")
    shapes = [[np.shape(part) for part in model] for model in models]
    if any(one != shapes[0] for one in shapes):
        raise ValueError("all models must have arrays of the same shapes")
    shares = np.array(sizes) / sum(sizes) / len(sizes)
    return [
        sum(share * part for share, part in zip(shares, parts, strict=True))
        for parts in zip(*models, strict=True)
    ]
