# Uses the start as it comes, of any length.
def sharpness(weights, x, y, start=None):
    v = start
    if v is None:
        v = torch.randn(sum(weight.numel() for weight in weights), generator=torch.Generator().manual_seed(0), dtype=weights[0].dtype)
        v = v / v.norm()
    product = hessian_vector_product(weights, x, y, v)
    value, before = (v @ product).item(), None
    for _ in range(3):
        v = product / product.norm()
        product = hessian_vector_product(weights, x, y, v)
    return value, v
