# A tensor of NumPy's, which cannot meet a weight on other kernels.
_array = one_hot


def one_hot(ids, classes):
    return Tensor(_array(ids, classes))
