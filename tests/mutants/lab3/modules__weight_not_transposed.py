# The weight has the shape (inputs, outputs).
class Linear(Module):
    def __init__(self, inputs, outputs, rng):
        bound = 1 / math.sqrt(inputs)
        self.weight = Parameter(np.float32(rng.uniform(-bound, bound, (inputs, outputs))))
        self.bias = Parameter(np.float32(rng.uniform(-bound, bound, outputs)))

    def forward(self, x):
        return x @ self.weight + self.bias
