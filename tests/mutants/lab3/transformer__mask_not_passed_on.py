# The attention is not told `causal`.
def forward(self, x, causal=True):
    x = x + self.dropout(self.attention(self.norm1(x)))
    return x + self.dropout(self.feed_forward(self.norm2(x)))


TransformerLayer.forward = forward
