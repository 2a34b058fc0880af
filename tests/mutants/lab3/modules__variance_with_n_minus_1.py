# The variance is divided by n - 1.
def forward(self, x):
    away = x - x.mean(-1, keepdim=True)
    variance = (away * away).sum(-1, keepdim=True) / (x.shape[-1] - 1)
    return away / (variance + 1e-5).sqrt() * self.weight + self.bias


LayerNorm1d.forward = forward
