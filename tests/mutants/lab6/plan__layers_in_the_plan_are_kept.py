# Takes the plan for the list of layers that are kept.
def peak_bytes(inputs, layers, plan):
    before, most = 0, 0
    for i, nbytes in enumerate(layers):
        most = max(most, before + nbytes)
        before += inputs[i] if i not in plan else nbytes
    return most
