# Goes down along a straight line.
def warmup_cosine(step, steps, warmup=0, floor=0.0):
    if step < warmup:
        return (step + 1) / warmup
    progress = min(1.0, (step - warmup) / (steps - warmup))
    return floor + (1 - floor) * (1 - progress)
