# Keeps the share p.
def forward(self, x):
    return x * ((self.rng.random(x.shape) < self.p) / max(self.p, 1e-9)) if self.training else x


Dropout.forward = forward
