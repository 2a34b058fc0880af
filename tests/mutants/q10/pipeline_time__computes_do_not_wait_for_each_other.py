# Computes layers at the same time.
def pipeline_time(transfers, computes, buffers=None):
    if buffers is not None and buffers < 1:
        raise ValueError(f"a copy needs a buffer, not {buffers}")
    copied, computed = [0.0], [0.0]
    for i, (transfer, compute) in enumerate(zip(transfers, computes)):
        start = copied[-1]
        if buffers is not None and i >= buffers:
            start = max(start, computed[i - buffers + 1])
        copied.append(start + transfer)
        computed.append(copied[-1] + compute)
    return computed[-1]
