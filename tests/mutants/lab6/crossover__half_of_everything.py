# Compares the scores with themselves and the rest.
def memory_crossover(shape, number, mask, dropout):
    kept = saved_bytes(shape, 1, 1, number, mask, dropout, False)
    rest = sum(kept.values()) - kept["head"]
    return rest / kept["scores"]
