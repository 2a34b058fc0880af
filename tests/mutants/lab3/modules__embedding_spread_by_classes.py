# The deviation is computed from the classes and not from the width.
class Embedding(Module):
    def __init__(self, classes, width, rng):
        start = rng.normal(0, 1 / math.sqrt(3 * classes), (classes, width))
        self.weight = Parameter(np.float32(start))

    def forward(self, ids):
        return one_hot(ids, self.weight.shape[0]) @ self.weight
