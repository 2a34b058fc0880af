# Computes E[x²] - E[x]², which loses its digits where the mean is large.
def forward(self, x):
    mean = x.mean(-1, keepdim=True)
    variance = (x * x).mean(-1, keepdim=True) - mean * mean
    return (x - mean) / (variance + 1e-5).sqrt() * self.weight + self.bias


LayerNorm1d.forward = forward
