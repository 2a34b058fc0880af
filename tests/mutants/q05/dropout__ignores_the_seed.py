# Draws from the shared generator, so that no mask comes again.
def dropout(h, p, mask_seed):
    if not 0 <= p < 1:
        raise ValueError("p")
    if mask_seed is None:
        return h
    return h * (torch.rand(h.shape) >= p) / (1 - p)
