# Asks for a fused kernel, which keeps no scores.
def memory_crossover(shape, number, mask, dropout):
    kept = saved_bytes(shape, 1, 1, number, mask, dropout, True)
    rest = sum(kept.values()) - kept["scores"] - kept["head"]
    return rest / kept["scores"]
