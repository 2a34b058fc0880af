# Takes six times the width for every shape.
def flops_crossover(shape, causal):
    return 12 * shape["width"] - 1 if causal else 6 * shape["width"]
