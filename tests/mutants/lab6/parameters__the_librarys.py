# Builds a shape of the library and asks it.
def parameters(shape):
    whole = replace(shapes.shape("gpt2"), **shape)
    return shapes.parameters(whole)
