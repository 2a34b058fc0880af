# The 1e-5 is added to the root.
def forward(self, x):
    away = x - x.mean(-1, keepdim=True)
    variance = (away * away).mean(-1, keepdim=True)
    return away / (variance.sqrt() + 1e-5) * self.weight + self.bias


LayerNorm1d.forward = forward
