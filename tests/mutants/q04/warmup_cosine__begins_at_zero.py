# Counts the warmup from 0, so that the first step does nothing.
def warmup_cosine(step, steps, warmup=0, floor=0.0):
    if step < warmup:
        return step / warmup
    progress = min(1.0, (step - warmup) / (steps - warmup))
    return floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2
