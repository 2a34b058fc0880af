# Forgets to take 1 off the exponent.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "power":
        return right(operation, inputs, output, upstream, options)
    n = options["exponent"]
    return [upstream * n * inputs[0] ** n]
