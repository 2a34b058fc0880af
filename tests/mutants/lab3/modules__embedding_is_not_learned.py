# The rows are looked up in the array, so no gradient comes to the weight.
def forward(self, ids):
    return Tensor(self.weight.numpy()[ids], requires_grad=True)


Embedding.forward = forward
