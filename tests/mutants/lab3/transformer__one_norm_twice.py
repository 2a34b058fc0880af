# Both parts use norm1.
def forward(self, x, causal=True):
    x = x + self.dropout(self.attention(self.norm1(x), causal))
    return x + self.dropout(self.feed_forward(self.norm1(x)))


TransformerLayer.forward = forward
