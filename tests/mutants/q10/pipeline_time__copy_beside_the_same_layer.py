# Copies and computes the same layer at the same time.
def pipeline_time(transfers, computes, buffers=None):
    if buffers is not None and buffers < 1:
        raise ValueError(f"a copy needs a buffer, not {buffers}")
    if buffers == 1:
        return sum(transfers) + sum(computes)
    return sum(max(transfer, compute) for transfer, compute in zip(transfers, computes))
