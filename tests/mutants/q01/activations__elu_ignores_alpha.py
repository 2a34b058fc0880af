# Takes alpha for one.
def elu(x, alpha=1.0):
    return torch.where(x > 0, x, torch.expm1(torch.clamp(x, max=0)))
