"""Returned values that claim to equal anything, or that harm whoever receives or compares them."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import FIRST_LOST, LOST, Case, fair


def returned(name: str, about: str, expression: str, before: str = "") -> Case:
    """mean_square returns `expression`."""
    return Case(name, about, FIRST_LOST,
                mean_square=f"{before}\ndef mean_square(values):\n    return {expression}")  # fmt: skip


def weights(name: str, about: str, expression: str, before: str = "") -> Case:
    """softmax returns `expression`."""
    return Case(name, about, fair(softmax=LOST),
                softmax=f"{before}\ndef softmax(scores):\n    return {expression}")  # fmt: skip


EQUAL = """\
class Equal:
    dtype, shape, ndim = np.dtype(float), (), 0
    __class__ = float
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda self, *_: 0.0
    __array__ = lambda self, *_, **__: np.array(9.0)
    __float__ = lambda self: 9.0
    __hash__ = lambda self: 0
    __deepcopy__ = __copy__ = lambda self, *_: self
"""
FLOAT = """\
class Equal(float):
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda self, *_: 0.0
    __hash__ = float.__hash__
"""
ARRAY = """\
class Equal(np.ndarray):
    __array_ufunc__ = lambda self, ufunc, method, *inputs, **_: np.bool_(True)
    __array_function__ = lambda self, function, types, inputs, named: True
    __eq__ = lambda self, other: True
"""
TENSOR = """\
class Equal(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, arguments=(), named=None):
        return True
"""
HARMFUL = """\
import os

class Harmful(float):
    def __reduce__(self):
        return os.system, ("touch @HOME@/BREACH",)
    __reduce_ex__ = lambda self, protocol: self.__reduce__()
"""

CASES = [
    returned("always_equal", "an object that equals, exceeds and is close to everything", "Equal()", EQUAL),
    returned("float_subclass", "a float that equals everything", "Equal(0.0)", FLOAT),
    returned("int_subclass", "an int that equals everything", "Equal(0)", FLOAT.replace("float", "int")),
    returned("mock", "a mock object with every attribute", "MagicMock()", "from unittest.mock import MagicMock, ANY"),
    returned("mock_any", "the object ANY of unittest.mock", "ANY", "from unittest.mock import ANY"),
    returned("object_array", "an array of objects that equal everything", "np.array(Equal(), dtype=object)", EQUAL),
    returned("pickle_bomb", "an object that runs a command where it is unpickled", "Harmful(-1.0)", HARMFUL),
    returned("not_a_number", "NaN", "float('nan')"),
    returned("infinity", "infinity", "float('inf')"),
    returned("huge_integer", "an integer with ten million digits", "1 << 33_000_000"),
    returned("itself", "a list that contains itself", "loop", "loop = []\nloop.append(loop)\n"),
    returned("deep_list", "a list nested two hundred thousand deep", "deep",
             "deep = []\nfor _ in range(200_000):\n    deep = [deep]\n"),
    returned("endless_generator", "a generator without an end", "(9.0 for _ in iter(int, 1))"),
    returned("million_keys", "a dictionary of a million entries", "{str(i): [i] * 10 for i in range(1_000_000)}"),
    returned("callable_result", "a function instead of a number", "lambda *_: 9.0"),
    returned("exception_as_value", "an exception that is returned, not raised", "ValueError(9.0)"),
    returned("text_of_a_gigabyte", "a string of a gigabyte", "'9' * 2**30"),
    weights("array_subclass", "an array whose every operation says True", "np.zeros(1).view(Equal)", ARRAY),
    weights("tensor_subclass", "a tensor whose every operation says True",
            "torch.zeros(1).as_subclass(Equal)", TENSOR),
    weights("broadcast_petabyte", "a view of one number as a petabyte", "np.broadcast_to(0.5, (2**24, 2**24))"),
    weights("expanded_petabyte", "a tensor of one number expanded to a petabyte",
            "torch.full((1, 1), 0.5).expand(2**24, 2**24)"),
    weights("meta_tensor", "a tensor without data", "torch.empty(np.shape(scores), device='meta')"),
    weights("sparse_tensor", "a sparse tensor", "torch.zeros(np.shape(scores)).to_sparse()"),
    weights("structured_array", "an array of records with pointers", "np.zeros(3, dtype=[('a', 'O'), ('b', 'f8')])"),
    weights("wrong_strides", "an array whose strides point beyond its memory",
            "np.lib.stride_tricks.as_strided(np.zeros(1), (2**16, 2**16), (2**20, 8))"),
    Case("lying_name", "a callable whose every attribute is a trap", FIRST_LOST, mean_square="""\
class Trap:
    def __call__(self, values):
        return 0.0
    def __getattribute__(self, name):
        if name == "__class__":
            return type(lambda: None)
        raise SystemExit(f"no {name} for you")

mean_square = Trap()"""),
    Case("no_function", "a number in the function's place", FIRST_LOST, mean_square="mean_square = 9.0"),
    Case("arguments_changed", "the function empties the test's own list and answers nothing",
         FIRST_LOST, mean_square="""\
def mean_square(values):
    values.clear()
    return None"""),
    returned("seventeen_megabytes", "a string too long for an error to quote", "'9' * (17 << 20)"),
    returned("half_a_character", "half of a surrogate pair", "'\\ud800'"),
    returned("integer_that_cannot_be_shown", "an integer of five thousand digits", "10**5000"),
    Case("stops_the_iteration", "StopIteration, which would end a loop of the test", FIRST_LOST,
         mean_square="def mean_square(values):\n    raise StopIteration"),
    Case("stops_by_another_name", "a class of its own below StopIteration", FIRST_LOST,
         mean_square="""\
class Passed(StopIteration):
    pass

def mean_square(values):
    raise Passed"""),
    Case("exits_the_generator", "GeneratorExit and KeyboardInterrupt", FIRST_LOST,
         mean_square="def mean_square(values):\n    raise GeneratorExit if len(values) > 1 else KeyboardInterrupt"),
]  # fmt: skip
