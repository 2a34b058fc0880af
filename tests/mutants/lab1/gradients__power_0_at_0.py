# Computes 0 · 0⁻¹ where the exponent is 0.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "power":
        return right(operation, inputs, output, upstream, options)
    n = options["exponent"]
    with np.errstate(all="ignore"):
        return [upstream * n * np.power(inputs[0], n - 1)]
