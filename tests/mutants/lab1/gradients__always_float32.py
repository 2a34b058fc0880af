# Computes in float32 throughout, whatever comes in.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    single = [np.float32(x) for x in inputs]
    found = right(operation, single, np.float32(output), np.float32(upstream), options)
    return [np.asarray(x, np.float64) for x in found]
