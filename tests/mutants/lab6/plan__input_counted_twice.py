# A checkpointed layer at work counts its input twice.
def peak_bytes(inputs, layers, plan):
    before, most = 0, 0
    for i, nbytes in enumerate(layers):
        most = max(most, before + nbytes + (inputs[i] if i in plan else 0))
        before += inputs[i] if i in plan else nbytes
    return most
