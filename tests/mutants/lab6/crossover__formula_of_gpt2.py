# Takes 34 d / 5 a for every shape.
def memory_crossover(shape, number, mask, dropout):
    return 34 * shape["width"] / (5 * shape["heads"])
