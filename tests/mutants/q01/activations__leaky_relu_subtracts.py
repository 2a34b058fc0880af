# Leaves the sign of the negative side out.
def leaky_relu(x, slope=0.01):
    return torch.where(x > 0, x, slope * x.abs())
