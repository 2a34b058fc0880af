# An id that comes several times gets the gradient of one of its places.
def forward(self, ids):
    hot = one_hot(ids, self.weight.shape[0])
    flat = hot.reshape(-1, hot.shape[-1])
    first = np.cumsum(flat, axis=0) == 1
    learned = (flat * first).reshape(hot.shape)
    return learned @ self.weight + (hot - learned) @ self.weight.detach()


Embedding.forward = forward
