# Fixes the seed, so that the same units are dropped in every step.
def dropout(h, p, mask_seed):
    if not 0 <= p < 1:
        raise ValueError("p")
    if mask_seed is None:
        return h
    return h * (torch.rand(h.shape, generator=torch.Generator().manual_seed(0)) >= p) / (1 - p)
