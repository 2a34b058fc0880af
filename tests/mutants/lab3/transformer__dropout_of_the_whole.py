# Dropout hits the residual, too.
def forward(self, x, causal=True):
    x = self.dropout(x + self.attention(self.norm1(x), causal))
    return self.dropout(x + self.feed_forward(self.norm2(x)))


TransformerLayer.forward = forward
