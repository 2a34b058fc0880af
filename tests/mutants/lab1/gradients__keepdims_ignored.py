# Puts the axis back although keepdims has left it there.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    return right(operation, inputs, output, upstream, {**options, "keepdims": False})
