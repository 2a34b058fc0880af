# Draws one number a row, so that all values of an example are dropped together.
def dropout(h, p, mask_seed):
    if not 0 <= p < 1:
        raise ValueError("p")
    if mask_seed is None:
        return h
    generator = torch.Generator().manual_seed(mask_seed)
    return h * (torch.rand((h.shape[0],) + (1,) * (h.dim() - 1), generator=generator) >= p) / (1 - p)
