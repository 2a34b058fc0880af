# No gradient flows through mean and variance.
def forward(self, x):
    away = x - x.mean(-1, keepdim=True).detach()
    variance = (away * away).mean(-1, keepdim=True).detach()
    return away / (variance + 1e-5).sqrt() * self.weight + self.bias


LayerNorm1d.forward = forward
