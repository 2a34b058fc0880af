# Counts the head as a part of the layer.
def memory_crossover(shape, number, mask, dropout):
    kept = saved_bytes(shape, 1, 1, number, mask, dropout, False)
    rest = sum(kept.values()) - kept["scores"]
    return rest / kept["scores"]
