# Does as many forward passes as stages, then as many backward passes.
def schedule(stages, microbatches, kind):
    """For each stage its list of ("F" or "B", microbatch); kind is "gpipe" or "1f1b"."""
    if kind not in ("gpipe", "1f1b") or min(stages, microbatches) < 1:
        raise ValueError(f"no schedule {kind!r} of {stages} stages, {microbatches} microbatches")
    orders = []
    for s in range(stages):
        group = microbatches if kind == "gpipe" else stages
        order = []
        for first in range(0, microbatches, group):
            part = range(first, min(first + group, microbatches))
            order += [(k, m) for k in "FB" for m in part]
        orders.append(order)
    return orders
