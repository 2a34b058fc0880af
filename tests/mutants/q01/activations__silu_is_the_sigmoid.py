# Forgets the factor x.
def silu(x):
    return torch.sigmoid(x)
