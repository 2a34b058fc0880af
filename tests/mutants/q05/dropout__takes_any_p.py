# Copies the formula and divides by zero where p is 1.
def dropout(h, p, mask_seed):
    if mask_seed is None:
        return h
    generator = torch.Generator().manual_seed(mask_seed)
    return h * (torch.rand(h.shape, generator=generator) >= p) / (1 - p)
