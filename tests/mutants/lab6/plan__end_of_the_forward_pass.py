# Takes what is kept at the end of the forward pass for the peak.
def peak_bytes(inputs, layers, plan):
    before, most = 0, 0
    for i, nbytes in enumerate(layers):
        most = max(most, before + (inputs[i] if i in plan else nbytes))
        before += inputs[i] if i in plan else nbytes
    return most
