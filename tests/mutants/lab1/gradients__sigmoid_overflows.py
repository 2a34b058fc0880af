# Computes the slope of sigmoid from the input, where exp overflows.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "sigmoid":
        return right(operation, inputs, output, upstream, options)
    grown = np.exp(-inputs[0])
    return [upstream * grown / (1 + grown) ** 2]
