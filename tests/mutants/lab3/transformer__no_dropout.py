# Dropout is forgotten.
def forward(self, x, causal=True):
    x = x + self.attention(self.norm1(x), causal)
    return x + self.feed_forward(self.norm2(x))


TransformerLayer.forward = forward
