# Mean and variance of the whole array.
def forward(self, x):
    away = x - x.mean()
    variance = (away * away).mean()
    return away / (variance + 1e-5).sqrt() * self.weight + self.bias


LayerNorm1d.forward = forward
