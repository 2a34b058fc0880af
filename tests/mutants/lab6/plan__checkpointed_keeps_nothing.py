# A checkpointed layer keeps nothing at all.
def peak_bytes(inputs, layers, plan):
    before, most = 0, 0
    for i, nbytes in enumerate(layers):
        most = max(most, before + nbytes)
        before += 0 if i in plan else nbytes
    return most
