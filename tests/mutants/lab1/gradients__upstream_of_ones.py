# Gives the slopes alone, as if every upstream were ones.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    return right(operation, inputs, output, np.ones_like(upstream), options)
