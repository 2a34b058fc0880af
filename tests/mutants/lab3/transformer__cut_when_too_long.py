# A sentence that is too long is cut without a word.
def forward(self, ids, causal=True):
    tokens, most = np.shape(ids)[1], self.positions.weight.shape[0]
    ids = np.asarray(ids)[:, :most]
    tokens = ids.shape[1]
    x = self.tokens(ids) + self.positions(np.arange(tokens))
    for layer in self.layers:
        x = layer(x, causal)
    return self.norm(x) @ self.tokens.weight.T


DecoderLM.forward = forward
