# Stops after two products, long before the estimate has settled.
def sharpness(weights, x, y, start=None):
    if start is None:
        start = torch.randn(sum(weight.numel() for weight in weights), generator=torch.Generator().manual_seed(0), dtype=weights[0].dtype)
    v = start / start.norm()
    for _ in range(2):
        product = hessian_vector_product(weights, x, y, v)
        value = (v @ product).item()
        v = product / product.norm()
    return value, v
