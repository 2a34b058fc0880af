# Both parts read the same x.
def forward(self, x, causal=True):
    y = self.dropout(self.attention(self.norm1(x), causal))
    return x + y + self.dropout(self.feed_forward(self.norm2(x)))


TransformerLayer.forward = forward
