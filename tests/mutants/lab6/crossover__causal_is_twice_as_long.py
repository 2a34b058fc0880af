# Forgets that a token sees itself.
def flops_crossover(shape, causal):
    flops = block_flops(shape, 1, False)
    ratio = flops["weights"] / flops["attention"]
    return 2 * ratio if causal else ratio
