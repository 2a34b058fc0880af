# Divides attention by weights.
def flops_crossover(shape, causal):
    flops = block_flops(shape, 1, False)
    ratio = flops["attention"] / flops["weights"]
    return 2 * ratio - 1 if causal else ratio
