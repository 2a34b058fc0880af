"""Right answers in other types than the reference solution's, and almost right ones that earn a part."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import ALL, LOST, Case, fair

SUM = "sum(v * v for v in values) / len(values)"
ROWS = """\
    if np.ndim(scores) != 2:
        raise ValueError("scores must have two dimensions")
    powers = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    weights = powers / powers.sum(axis=1, keepdims=True)
"""


def number(name: str, about: str, expression: str, before: str = "", points=ALL) -> Case:
    """mean_square returns `expression` of `mean`, the right answer."""
    source = f"{before}\ndef mean_square(values):\n    mean = {SUM}\n    return {expression}"
    return Case(name, about, points, mean_square=source)


def array(name: str, about: str, expression: str, before: str = "", points=ALL) -> Case:
    """softmax returns `expression` of `weights`, the right answer."""
    return Case(name, about, points, softmax=f"{before}\ndef softmax(scores):\n{ROWS}    return {expression}")


CASES = [
    number("numpy_float64", "a NumPy scalar", "np.float64(mean)"),
    number("numpy_float32", "a NumPy scalar of single precision", "np.float32(mean)"),
    number("numpy_longdouble", "a NumPy scalar of extended precision", "np.longdouble(mean)"),
    number("zero_dimensions", "an array without dimensions", "np.array(mean)"),
    number("torch_scalar", "a tensor without dimensions", "torch.tensor(mean, dtype=torch.float64)"),
    number("torch_scalar_with_gradient", "a tensor without dimensions that wants a gradient, detached",
           "torch.tensor(mean, dtype=torch.float64, requires_grad=True).detach()"),
    number("own_float", "a plain subclass of float that changes nothing", "Metres(mean)", "class Metres(float):\n    unit = 'm'\n"),
    number("bfloat_of_nothing", "an int where the mean is whole", "int(mean) if mean == int(mean) else mean"),
    number("fraction", "a Fraction is no float: marked as the visible test says, wrong", "Fraction(mean)",
           "from fractions import Fraction", points=fair(mean_square=LOST)),
    number("text", "the number as text is wrong", "str(mean)", points=fair(mean_square=LOST)),
    number("one_element_list", "a list around the number is wrong", "[mean]", points=fair(mean_square=LOST)),
    number("nothing_returned", "printed instead of returned", "print(mean)", points=fair(mean_square=LOST)),
    number("rounded", "rounded to whole numbers: one of three visible cases differs", "round(mean)",
           points=fair(mean_square=(1 / 3, 0))),
    number("complex_number", "a complex number is wrong", "complex(mean)", points=fair(mean_square=LOST)),
    array("float32_array", "single precision", "weights.astype(np.float32)"),
    array("column_major", "an array in Fortran's order", "np.asfortranarray(weights)"),
    array("reversed_view", "a view with negative strides", "weights[::-1, ::-1].copy()[::-1, ::-1]"),
    array("strided_view", "every second column of a wider array", "np.repeat(weights, 2, axis=1)[:, ::2]"),
    array("transposed_view", "the transpose of the transpose", "weights.T.copy().T"),
    array("read_only_array", "an array that cannot be written", "frozen(weights)",
          "def frozen(a):\n    a.flags.writeable = False\n    return a\n"),
    array("big_endian", "an array with the bytes of another machine, changed back", "weights.astype('>f8').astype(float)"),
    array("broadcast_view", "a broadcast view of one row where rows are equal", "np.broadcast_to(weights, weights.shape)"),
    array("nested_lists", "lists in lists, which torch.as_tensor takes", "weights.tolist()"),
    array("nested_tuples", "tuples in tuples", "tuple(map(tuple, weights.tolist()))"),
    array("matrix", "numpy.matrix, a subclass that behaves like an array", "np.matrix(weights)"),
    array("masked_array", "a masked array without a mask", "np.ma.masked_array(weights)"),
    array("torch_tensor", "a tensor", "torch.from_numpy(weights)"),
    array("torch_with_gradient", "a tensor that wants a gradient",
          "torch.softmax(torch.as_tensor(scores).double().requires_grad_(), dim=1)"),
    array("torch_parameter", "an nn.Parameter, a subclass of tensor", "torch.nn.Parameter(torch.from_numpy(weights))"),
    array("torch_view", "a transposed view of a tensor", "torch.from_numpy(weights).T.contiguous().T"),
    array("torch_inference", "a tensor made in inference mode", "inferred(weights)",
          "@torch.inference_mode()\ndef inferred(a):\n    return torch.as_tensor(a) * 1.0\n"),
    array("transposed", "the transpose: right only where rows equal columns", "weights.T", points=fair(softmax=(1 / 3, 0))),
    array("overflowing", "no maximum is subtracted, which fails for large scores only", "unsafe(scores)",
          "def unsafe(a):\n    p = np.exp(a)\n    return p / p.sum(axis=1, keepdims=True)\n",
          points=fair(softmax=(1, 1.5))),
    Case("another_exception", "a subclass of the exception that the task asks for", softmax=f"""\
class NoMatrix(ValueError):
    def __init__(self, shape, *, hint):
        super().__init__(f"{{shape}}: {{hint}}")

def softmax(scores):
    if np.ndim(scores) != 2:
        raise NoMatrix(np.shape(scores), hint="give rows")
{ROWS}    return weights"""),
    Case("exception_of_a_library", "the ValueError that NumPy raises by itself", softmax=f"""\
def softmax(scores):
    rows, columns = np.shape(scores)
{ROWS}    return weights"""),
    Case("wrong_exception", "a TypeError where a ValueError is asked for", fair(softmax=(2 / 3, 2)), softmax=f"""\
def softmax(scores):
    if np.ndim(scores) != 2:
        raise TypeError("no matrix")
{ROWS}    return weights"""),
]  # fmt: skip
