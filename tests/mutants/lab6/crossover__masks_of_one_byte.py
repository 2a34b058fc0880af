# Takes masks of one byte.
def memory_crossover(shape, number, mask, dropout):
    kept = saved_bytes(shape, 1, 1, number, 1, dropout, False)
    rest = sum(kept.values()) - kept["scores"] - kept["head"]
    return rest / kept["scores"]
