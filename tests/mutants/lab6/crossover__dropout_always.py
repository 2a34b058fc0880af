# Has dropout always.
def memory_crossover(shape, number, mask, dropout):
    kept = saved_bytes(shape, 1, 1, number, mask, True, False)
    rest = sum(kept.values()) - kept["scores"] - kept["head"]
    return rest / kept["scores"]
