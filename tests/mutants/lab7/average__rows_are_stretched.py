# Takes models of different shapes, as far as NumPy can stretch them.
def federated_average(models, sizes):
    if len(models) == 0 or len(sizes) != len(models) or min(sizes) <= 0:
        raise ValueError("no average")
    shares = np.array(sizes) / sum(sizes)
    return [
        sum(share * part for share, part in zip(shares, parts, strict=True))
        for parts in zip(*models, strict=True)
    ]
