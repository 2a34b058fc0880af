# Returns the last product as direction, whose length is the eigenvalue and not 1.
def sharpness(weights, x, y, start=None):
    if start is None:
        start = torch.randn(sum(weight.numel() for weight in weights), generator=torch.Generator().manual_seed(0), dtype=weights[0].dtype)
    v, before = start / start.norm(), None
    for _ in range(200):
        product = hessian_vector_product(weights, x, y, v)
        value = (v @ product).item()
        v = product / product.norm()
        if before is not None and abs(value - before) <= 1e-3 * abs(value):
            break
        before = value
    return value, product
