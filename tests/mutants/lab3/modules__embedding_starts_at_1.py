# The embedding starts with a deviation of 1, as torch's does.
class Embedding(Module):
    def __init__(self, classes, width, rng):
        self.weight = Parameter(np.float32(rng.normal(0, 1, (classes, width))))

    def forward(self, ids):
        return one_hot(ids, self.weight.shape[0]) @ self.weight
