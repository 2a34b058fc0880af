# Uses the form with tanh for both.
def gelu(x, approximate=False):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
