# Gives each input its own grid, not each output.
def per_channel(W, bits):
    codes, scales, zero_points = groupwise(W.T, bits, W.shape[0])
    return codes.T, scales.T, zero_points.T
