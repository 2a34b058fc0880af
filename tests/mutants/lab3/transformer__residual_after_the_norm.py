# The norm of x is kept in place of x.
def forward(self, x, causal=True):
    y = self.norm1(x)
    x = y + self.dropout(self.attention(y, causal))
    return x + self.dropout(self.feed_forward(self.norm2(x)))


TransformerLayer.forward = forward
