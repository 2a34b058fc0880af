# Post-norm: the norms come after the sums.
def forward(self, x, causal=True):
    x = self.norm1(x + self.dropout(self.attention(x, causal)))
    return self.norm2(x + self.dropout(self.feed_forward(x)))


TransformerLayer.forward = forward
