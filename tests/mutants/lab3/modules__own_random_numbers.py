# Linear draws from a stream that nobody has seeded.
class Linear(Module):
    def __init__(self, inputs, outputs, rng):
        bound, rng = 1 / math.sqrt(inputs), np.random.default_rng()
        self.weight = Parameter(np.float32(rng.uniform(-bound, bound, (outputs, inputs))))
        self.bias = Parameter(np.float32(rng.uniform(-bound, bound, outputs)))

    def forward(self, x):
        return x @ self.weight.T + self.bias
