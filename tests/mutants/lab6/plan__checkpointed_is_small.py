# A checkpointed layer is never there in full.
def peak_bytes(inputs, layers, plan):
    before, most = 0, 0
    for i, nbytes in enumerate(layers):
        most = max(most, before + (inputs[i] if i in plan else nbytes))
        before += inputs[i] if i in plan else nbytes
    return most
