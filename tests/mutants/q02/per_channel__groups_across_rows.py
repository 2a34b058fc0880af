# Cuts the flattened matrix, so that a group can begin in one row and end in the next.
def groupwise(W, bits, group):
    flat, blocks = W.ravel(), -(-W.shape[1] // group)
    codes, scales, zero_points = np.zeros(flat.shape, dtype=np.int64), [], []
    for start in range(0, len(flat), group):
        values = flat[start : start + group]
        scale, zero_point = affine_params(values.min(), values.max(), bits)
        codes[start : start + group] = quantize(values, scale, zero_point, bits)
        scales.append(scale)
        zero_points.append(zero_point)
    return codes.reshape(W.shape), np.resize(scales, (len(W), blocks)), np.resize(zero_points, (len(W), blocks))
