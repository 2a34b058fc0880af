# Loses the minus of the divisor's gradient.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "divide":
        return right(operation, inputs, output, upstream, options)
    a, b = inputs
    return [upstream / b, upstream * a / (b * b)]
