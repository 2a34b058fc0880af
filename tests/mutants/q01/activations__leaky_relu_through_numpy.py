# Computes in NumPy, where autograd cannot follow.
def leaky_relu(x, slope=0.01):
    values = x.detach().numpy()
    return torch.tensor(np.where(values > 0, values, slope * values))
