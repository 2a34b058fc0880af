# Counts the input beside the layer in all of them.
def peak_bytes(inputs, layers, plan):
    before, most = 0, 0
    for i, nbytes in enumerate(layers):
        most = max(most, before + nbytes + inputs[i])
        before += inputs[i] if i in plan else nbytes
    return most
