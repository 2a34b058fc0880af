# Scales by 1 - p when the network is used, as the first dropout did, on top of the scaling in training.
def dropout(h, p, mask_seed):
    if not 0 <= p < 1:
        raise ValueError("p")
    if mask_seed is None:
        return h * (1 - p)
    generator = torch.Generator().manual_seed(mask_seed)
    return h * (torch.rand(h.shape, generator=generator) >= p) / (1 - p)
