# Nothing is added to the variance: constant rows are divided by 0.
def forward(self, x):
    away = x - x.mean(-1, keepdim=True)
    return away / (away * away).mean(-1, keepdim=True).sqrt() * self.weight + self.bias


LayerNorm1d.forward = forward
