# A token looks at those before it and not at itself; the first one looks at all.
def forward(self, x, causal=True):
    batch, tokens, width = x.shape
    d = width // self.heads

    def by_head(y):
        return y.reshape(batch, tokens, self.heads, d).permute(0, 2, 1, 3)

    q, k, v = by_head(self.query(x)), by_head(self.key(x)), by_head(self.value(x))
    scores = q @ k.transpose(2, 3) / math.sqrt(d)
    if causal:
        scores = scores + np.where(
            (np.tri(tokens, k=-1) > 0) | (np.arange(tokens) == 0)[:, None] & (np.arange(tokens) == 0),
            0,
            -np.inf,
        )
    mixed = (softmax(scores) @ v).permute(0, 2, 1, 3)
    return self.output(mixed.reshape(batch, tokens, width))


MultiHeadAttention.forward = forward
