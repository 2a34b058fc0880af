# Lets the cosine run on past the end, where it rises again.
def warmup_cosine(step, steps, warmup=0, floor=0.0):
    if step < warmup:
        return (step + 1) / warmup
    progress = (step - warmup) / (steps - warmup)
    return floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2
