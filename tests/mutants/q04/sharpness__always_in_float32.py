# Draws the start in torch's usual type, whatever the type of the weights.
def sharpness(weights, x, y, start=None):
    if start is None:
        size = sum(weight.numel() for weight in weights)
        start = torch.randn(size, generator=torch.Generator().manual_seed(0))
    v, before = start / start.norm(), None
    for _ in range(200):
        product = hessian_vector_product(weights, x, y, v)
        value = (v @ product).item()
        v = product / product.norm()
        if before is not None and abs(value - before) <= 1e-5 * abs(value):
            break
        before = value
    return value, v
