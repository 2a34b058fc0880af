# Averages the curvature along random directions: the mean of all eigenvalues, not the largest.
def sharpness(weights, x, y, start=None):
    size = sum(weight.numel() for weight in weights)
    random, values = torch.Generator().manual_seed(0), []
    for _ in range(100):
        v = torch.randn(size, generator=random, dtype=weights[0].dtype)
        v = v / v.norm()
        values.append((v @ hessian_vector_product(weights, x, y, v)).item())
    return float(np.mean(values)), v
