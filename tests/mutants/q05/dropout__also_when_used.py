# Drops also when the network is used, where no mask is given.
def dropout(h, p, mask_seed):
    if not 0 <= p < 1:
        raise ValueError("p")
    generator = torch.Generator().manual_seed(mask_seed or 0)
    return h * (torch.rand(h.shape, generator=generator) >= p) / (1 - p)
