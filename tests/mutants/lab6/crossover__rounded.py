# Rounds to a whole number of tokens.
def flops_crossover(shape, causal):
    flops = block_flops(shape, 1, False)
    ratio = flops["weights"] / flops["attention"]
    return round(2 * ratio - 1 if causal else ratio)
