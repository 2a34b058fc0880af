# Writes n · y / a, which fails at a = 0.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "power":
        return right(operation, inputs, output, upstream, options)
    n = options["exponent"]
    with np.errstate(all="ignore"):
        return [upstream * n * output / inputs[0]]
