# Layers behind the one at work have not let go of anything.
def peak_bytes(inputs, layers, plan):
    held = [inputs[i] if i in plan else nbytes for i, nbytes in enumerate(layers)]
    return max(sum(held) - held[i] + layers[i] for i in range(len(layers)))
