# Crosses at the same length where half of the pairs is computed.
def flops_crossover(shape, causal):
    flops = block_flops(shape, 1, False)
    ratio = flops["weights"] / flops["attention"]
    return ratio
