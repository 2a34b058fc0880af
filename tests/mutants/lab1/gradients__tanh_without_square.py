# Forgets the square in 1 - tanh².
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "tanh":
        return right(operation, inputs, output, upstream, options)
    return [upstream * (1 - output)]
