# Divides by the output of log, not by its input.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "log":
        return right(operation, inputs, output, upstream, options)
    return [upstream / output]
