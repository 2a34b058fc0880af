# Adds the largest layer to all inputs.
def peak_bytes(inputs, layers, plan):
    kept = sum(inputs[i] if i in plan else layers[i] for i in range(len(layers)))
    return kept + max([layers[i] - inputs[i] for i in plan], default=0)
