# Turns the two around.
def flops_crossover(shape, causal):
    flops = block_flops(shape, 1, False)
    ratio = flops["weights"] / flops["attention"]
    return ratio / 2 if causal else ratio
