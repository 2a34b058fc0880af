# Gives the largest error over the largest value.
def quantized_kv(kv, bits):
    most = 2 ** (bits - 1) - 1
    step = np.abs(kv).max(axis=-1, keepdims=True) / most
    step = np.where(step == 0, 1, step)
    restored = (np.rint(kv / step) * step).astype(np.float32)
    rows, d = kv.size // kv.shape[-1], kv.shape[-1]
    norm = np.linalg.norm(kv.astype(np.float64))
    error = np.abs(restored.astype(np.float64) - kv).max() / np.abs(kv).max() if norm else 0.0
    return restored, rows * (math.ceil(d * bits / 8) + 4), float(error)
