# Multiplies the positive side by alpha too.
def elu(x, alpha=1.0):
    return alpha * torch.where(x > 0, x, torch.expm1(torch.clamp(x, max=0)))
