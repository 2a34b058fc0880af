# Writes the sigmoid as exp(x) / (1 + exp(x)), which is infinity over infinity for large x.
def silu(x):
    return x * torch.exp(x) / (1 + torch.exp(x))
