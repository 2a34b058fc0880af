# Forgets the masks of the rest.
def memory_crossover(shape, number, mask, dropout):
    kept = saved_bytes(shape, 1, 1, number, mask, dropout, False)
    rest = sum(kept.values()) - kept["scores"] - kept["head"] - kept["masks"]
    return rest / kept["scores"]
