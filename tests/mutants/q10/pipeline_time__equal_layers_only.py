# Takes the formula for equal layers.
def pipeline_time(transfers, computes, buffers=None):
    if buffers is not None and buffers < 1:
        raise ValueError(f"a copy needs a buffer, not {buffers}")
    if not transfers:
        return 0.0
    n, a, b = len(transfers), sum(transfers) / len(transfers), sum(computes) / len(computes)
    return n * (a + b) if buffers == 1 else n * max(a, b) + min(a, b)
