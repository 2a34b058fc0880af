# Asynchronous copies are free: takes the slower of the two workers alone.
def pipeline_time(transfers, computes, buffers=None):
    if buffers is not None and buffers < 1:
        raise ValueError(f"a copy needs a buffer, not {buffers}")
    if buffers == 1:
        return sum(transfers) + sum(computes)
    return max(sum(transfers), sum(computes))
