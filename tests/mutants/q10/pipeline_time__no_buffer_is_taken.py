# Takes no buffers for unlimited ones.
def pipeline_time(transfers, computes, buffers=None):
    buffers = buffers or None
    copied, computed = [0.0], [0.0]
    for i, (transfer, compute) in enumerate(zip(transfers, computes)):
        start = copied[-1]
        if buffers is not None and i >= buffers:
            start = max(start, computed[i - buffers + 1])
        copied.append(start + transfer)
        computed.append(max(computed[-1], copied[-1]) + compute)
    return computed[-1]
