# Asks the library, whose count is of heads that share nothing.
def matrix_products(shape, cross):
    return shapes.block_matrix_products(shape["heads"], cross)
