# The parts' results replace x.
def forward(self, x, causal=True):
    x = self.dropout(self.attention(self.norm1(x), causal))
    return self.dropout(self.feed_forward(self.norm2(x)))


TransformerLayer.forward = forward
