# The bound is 1 / sqrt(outputs).
class Linear(Module):
    def __init__(self, inputs, outputs, rng):
        bound = 1 / math.sqrt(outputs)
        self.weight = Parameter(np.float32(rng.uniform(-bound, bound, (outputs, inputs))))
        self.bias = Parameter(np.float32(rng.uniform(-bound, bound, outputs)))

    def forward(self, x):
        return x @ self.weight.T + self.bias
