# Counts only whole groups and leaves the shorter last one out.
def groupwise(W, bits, group):
    starts = [group * i for i in range(W.shape[1] // group)]
    codes = np.zeros(W.shape, dtype=np.int64)
    scales = np.empty((len(W), len(starts)))
    zero_points = np.empty((len(W), len(starts)), dtype=np.int64)
    for row in range(len(W)):
        for block, start in enumerate(starts):
            values = W[row, start : start + group]
            scale, zero_point = affine_params(values.min(), values.max(), bits)
            codes[row, start : start + group] = quantize(values, scale, zero_point, bits)
            scales[row, block], zero_points[row, block] = scale, zero_point
    return codes, scales, zero_points
