# Takes as many buffers as layers for None, and then refuses no layers as too few buffers.
def pipeline_time(transfers, computes, buffers=None):
    if buffers is None:
        buffers = len(transfers)
    if buffers < 1:
        raise ValueError(f"a copy needs a buffer, not {buffers}")
    copied, computed = [0.0], [0.0]
    for i, (transfer, compute) in enumerate(zip(transfers, computes)):
        start = copied[-1]
        if i >= buffers:
            start = max(start, computed[i - buffers + 1])
        copied.append(start + transfer)
        computed.append(max(computed[-1], copied[-1]) + compute)
    return computed[-1]
