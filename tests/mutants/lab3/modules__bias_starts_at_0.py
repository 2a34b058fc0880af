# The bias of Linear starts at 0.
class Linear(Module):
    def __init__(self, inputs, outputs, rng):
        bound = 1 / math.sqrt(inputs)
        self.weight = Parameter(np.float32(rng.uniform(-bound, bound, (outputs, inputs))))
        self.bias = Parameter(np.zeros(outputs, np.float32))

    def forward(self, x):
        return x @ self.weight.T + self.bias
