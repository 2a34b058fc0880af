# Multiplies the whole argument by 0.044715 instead of its cube only.
def gelu(x, approximate=False):
    if approximate:
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * 0.044715 * (x + x**3)))
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))
