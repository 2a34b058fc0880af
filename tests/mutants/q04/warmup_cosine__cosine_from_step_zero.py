# Lets the cosine run from step 0, so that the rate falls off a cliff when the warmup ends.
def warmup_cosine(step, steps, warmup=0, floor=0.0):
    if step < warmup:
        return (step + 1) / warmup
    progress = min(1.0, step / steps)
    return floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2
