# What is kept is not divided by 1 - p.
def forward(self, x):
    return x * (self.rng.random(x.shape) >= self.p) if self.training else x


Dropout.forward = forward
