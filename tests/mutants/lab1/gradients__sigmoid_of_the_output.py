# Takes the sigmoid of what is one already.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "sigmoid":
        return right(operation, inputs, output, upstream, options)
    again = 1 / (1 + np.exp(-output))
    return [upstream * again * (1 - again)]
