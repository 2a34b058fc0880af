# Ignores the wish for the form with tanh.
def gelu(x, approximate=False):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))
