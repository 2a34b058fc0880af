# Returns one list in place of one for each stage.
def schedule(stages, microbatches, kind):
    """For each stage its list of ("F" or "B", microbatch); kind is "gpipe" or "1f1b"."""
    if kind not in ("gpipe", "1f1b") or min(stages, microbatches) < 1:
        raise ValueError(f"no schedule {kind!r} of {stages} stages, {microbatches} microbatches")
    orders = []
    for s in range(stages):
        warmup = microbatches if kind == "gpipe" else min(microbatches, stages - 1 - s)
        order = [("F", m) for m in range(warmup)]
        for m in range(microbatches - warmup):
            order += [("F", warmup + m), ("B", m)]
        order += [("B", m) for m in range(microbatches - warmup, microbatches)]
        orders.append(order)
    return [pair for order in orders for pair in order]
