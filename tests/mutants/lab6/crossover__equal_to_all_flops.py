# Compares attention with everything, the backward pass too.
def flops_crossover(shape, causal):
    flops = block_flops(shape, 1, False)
    ratio = (flops["weights"] + flops["backward"]) / flops["attention"]
    return 2 * ratio - 1 if causal else ratio
