# The zeros are drawn once and stay.
def forward(self, x):
    if not self.training:
        return x
    if not hasattr(self, "mask"):
        self.mask = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
    return x * self.mask


Dropout.forward = forward
