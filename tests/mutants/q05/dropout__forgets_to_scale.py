# Leaves what is kept as it was, so that the mean shrinks.
def dropout(h, p, mask_seed):
    if not 0 <= p < 1:
        raise ValueError("p")
    if mask_seed is None:
        return h
    generator = torch.Generator().manual_seed(mask_seed)
    return h * (torch.rand(h.shape, generator=generator) >= p)
