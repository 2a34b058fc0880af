# Only the first step keeps x.
def forward(self, x, causal=True):
    x = x + self.dropout(self.attention(self.norm1(x), causal))
    return self.dropout(self.feed_forward(self.norm2(x)))


TransformerLayer.forward = forward
