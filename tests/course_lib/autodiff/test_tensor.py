"""What a tensor takes and refuses, and what importing the engine brings along."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from course_lib.autodiff import Tensor, functional, graph, no_grad, operations, strides
from course_lib.autodiff.backends.numpy import NUMPY
from course_lib.autodiff.modules import Parameter
from course_lib.notebook.reference import ReferenceRefused


def test_the_engine_imports_neither_torch_nor_cupy():
    code = """
import sys
from course_lib.autodiff import check, functional, modules, optimizers, scalar, strides, tensor
print({"torch", "cupy", "scipy"} & {*sys.modules})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_an_array_is_wrapped_and_a_list_becomes_float32():
    array = np.arange(6.0).reshape(2, 3).T
    x = Tensor(array)
    assert x.data is array
    assert x.numpy() is array
    assert x.T.data.base is array.base
    assert x[1:].data.base is array.base
    assert strides.element_strides(x.data) == (1, 3)
    assert (Tensor([[1, 2]]).dtype, Tensor(True).item(), Tensor(3).shape) == (np.float32, 1.0, ())
    for number in (Tensor(np.float64(3)), Tensor(array)[1, 1]):
        assert isinstance(number.data, np.ndarray)
        assert (number.dtype, number.shape) == (np.float64, ())


@pytest.mark.parametrize(
    "data", ["text", [None], [[1], [1, 2]], {}, np.array(["a"]), 1j, np.array([1j]), None]
)
def test_what_is_no_number_is_refused(data):
    with pytest.raises((TypeError, ValueError)):
        Tensor(data)


def test_numbers_and_arrays_stand_on_either_side():
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    for y in (2 + x, np.float64(2) + x, np.array([2.0, 2.0]) + x, x + 2, x + np.array(2)):
        assert isinstance(y, Tensor)
        assert y.requires_grad
        np.testing.assert_array_equal(y.data, [3, 4])
    with pytest.raises(TypeError, match="None is not a number"):
        x * None
    np.testing.assert_array_equal((np.eye(2) @ x).data, x.data)
    np.testing.assert_array_equal((3 - x).data, [2, 1])
    np.testing.assert_array_equal((2 / x).data, [2, 1])
    np.testing.assert_array_equal((3**x).data, [3, 9])


def test_comparisons_give_0_and_1_without_a_gradient():
    x = Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True)
    for y, expected in (
        (x == 2, [0, 1, 0]),
        (x < 2, [1, 0, 0]),
        (x > 2, [0, 0, 1]),
        (x > [0, 2, 2], [1, 0, 1]),
    ):
        np.testing.assert_array_equal(y.data, expected)
        assert not y.requires_grad
    assert bool(x[0] == 1) is True
    assert bool(x[0] == 2) is False
    with pytest.raises(ValueError, match="size 1"):
        bool(x == 1)
    assert {x: 1}[x] == 1


@pytest.mark.parametrize("key", [[0], np.array([0]), True, (0, [1]), "a", 1.0])
def test_what_makes_no_view_is_no_index(key):
    with pytest.raises(TypeError, match="slices"):
        Tensor(np.zeros((2, 2)))[key]


def test_a_tensor_is_gone_through_row_by_row():
    assert [row.shape for row in Tensor(np.zeros((3, 2)))] == [(2,)] * 3


def test_a_single_number_has_no_rows():
    with pytest.raises(TypeError, match="no rows"):
        list(Tensor(1.0))


ONE, TABLE = Tensor([1.0, 2.0], requires_grad=True), Tensor(np.zeros((2, 3), np.float32))
MISUSES = {
    "a product whose sizes differ": (lambda: TABLE @ TABLE, r"\(2, 3\) @ \(2, 3\): 3 columns meet 2 rows"),
    "a vector's product": (lambda: TABLE @ ONE, r"\(2, 3\) @ \(2,\): 3 columns meet 2 rows"),
    "a product by a number": (lambda: ONE @ 3, r"multiply with \*"),
    "a text": (lambda: ONE + "a", "numbers and arrays of them, not 'a'"),
    "a list of tensors": (lambda: ONE * [ONE[0], ONE[1]], "numbers and arrays of them, not"),
    "a complex number": (lambda: ONE * 1j, "numbers and arrays of them, not '1j'"),
    "NumPy made of it": (lambda: np.array(ONE), r"x\.numpy\(\)"),
    "if on a vector": (lambda: bool(ONE > 1), r"a tensor of shape \(2,\) is not one number"),
    "expand to fewer": (lambda: TABLE.expand(3), r"\(2, 3\) does not expand to \(3,\)"),
    "expand to others": (lambda: TABLE.expand(2, 4), r"\(2, 3\) does not expand to \(2, 4\)"),
    "a dimension that is no number": (lambda: TABLE.sum("rows"), "integer"),
    "half a dimension": (lambda: TABLE.sum(0.5), "integer"),
    "a loss of one number": (lambda: functional.cross_entropy(Tensor(1.0), 0), "the last dimension"),
    "a column of logits": (
        lambda: functional.binary_cross_entropy_with_logits(ONE.unsqueeze(1), [0, 1]),
        r"same shape, not \(2, 1\) and \(2,\)",
    ),
    "a column of values": (lambda: functional.mse_loss(ONE.unsqueeze(1), ONE), r"\(2, 1\) and \(2,\)"),
}


@pytest.mark.parametrize("misuse", MISUSES)
def test_a_misuse_is_told_in_a_line_that_says_what_was_given(misuse):
    call, said = MISUSES[misuse]
    with pytest.raises((TypeError, ValueError), match=said) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_tensor_that_became_anothers_data_is_named():
    w = Tensor([1.0, 2.0], requires_grad=True)
    w.data = w - 0.1 * w
    for use in (lambda: w * 2, lambda: w.exp(), lambda: w.sum()):
        with pytest.raises(TypeError, match=r"assign new\.data"):
            use()


def test_shapes_that_do_not_fit_are_refused():
    x = Tensor(np.zeros((2, 3)))
    for wrong in (
        lambda: x.permute(0, 0),
        lambda: x.permute(0),
        lambda: x.reshape(4, 2),
        lambda: x.expand(3),
        lambda: x.expand(2, 4),
        lambda: x + np.zeros(2),
        lambda: x @ np.zeros((2, 3)),
        lambda: x.sum((0, -2)),
    ):
        with pytest.raises(ValueError, match=r"."):
            wrong()
    for wrong in (lambda: x.sum(2), lambda: x.transpose(0, 2), lambda: x.unsqueeze(4), lambda: x[2]):
        with pytest.raises(IndexError):
            wrong()


def test_sizes_come_one_by_one_or_as_a_tuple():
    x = Tensor(np.arange(6.0))
    assert x.reshape((2, 3)).shape == x.reshape(2, 3).shape == x.reshape([2, -1]).shape == (2, 3)
    assert x.reshape(2, 3).permute((1, 0)).shape == (3, 2)
    assert x[:1].expand((2, 2)).shape == (2, 2)


def test_backward_needs_a_history():
    for x in (Tensor(1.0), Tensor(1.0, requires_grad=True).detach()):
        with pytest.raises(RuntimeError, match="requires a gradient"):
            x.backward()
    with no_grad():
        y = Tensor(1.0, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="requires a gradient"):
        y.backward()
    leaf = Tensor(1.0, requires_grad=True)
    leaf.backward()
    assert leaf.grad.item() == 1
    leaf = Tensor(np.ones(2), requires_grad=True)
    (leaf * 2).backward(Tensor([1, 2]))
    assert leaf.grad.dtype == np.float64
    np.testing.assert_array_equal(leaf.grad.data, [2, 4])
    leaf.zero_grad()
    assert leaf.grad is None


def test_one_hot_takes_its_type_from_another_tensor():
    assert functional.one_hot([1, 0], 3).numpy().tolist() == [[0, 1, 0], [1, 0, 0]]
    assert functional.one_hot([1], 3, like=Tensor(np.ones(1))).dtype == np.float64
    assert functional.one_hot([], 3).shape == (0, 3)


def test_a_tensor_shows_its_values():
    assert repr(Tensor([1.0, 2.0], requires_grad=True) * 2) == "Tensor([2. 4.], requires_grad=True)"
    assert repr(NUMPY) == "numpy"


def test_the_answers_to_tasks_are_refused_to_a_students_function_and_work_within_the_engine(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    student = {"__name__": "__main__", "graph": graph, "operations": operations, "strides": strides,
               "Tensor": Tensor, "NUMPY": NUMPY, "np": np}  # fmt: skip
    calls = {
        "Lab1.1": "graph.order(Tensor(1.0))",
        "Lab1.2": "graph.gradients(Tensor(1.0), 1.0, None, None)",
        "Lab1.4": "operations.unbroadcast(NUMPY, np.ones((2, 3)), (3,))",
        "Lab2.1": "strides.broadcast_strides((3,), (1,), (2, 3))",
    }
    for task, call in calls.items():
        exec(f"def answer(): return {call}", student)
        with pytest.raises(ReferenceRefused, match=task):
            student["answer"]()
    exec(
        "def train(x):\n    (x + np.ones((2, 3))).sum().backward()\n    return x.grad.numpy().tolist()",
        student,
    )
    assert student["train"](Tensor(np.ones(3), requires_grad=True)) == [2, 2, 2]


def test_a_tensor_of_a_tensor_is_refused_and_so_is_a_parameter():
    x = Tensor(np.ones(2))
    for kind in (Tensor, Parameter):
        with pytest.raises(TypeError, match="not of another tensor"):
            kind(x)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_has_the_values_and_no_history(copied):
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    y = x * 3
    for original in (x, y, Parameter(np.ones(2, np.float32))):
        other = copied(original)
        assert type(other) is type(original)
        np.testing.assert_array_equal(other.data, original.data)
        assert other.requires_grad
        assert other.edges == ()
        assert other.data is not original.data
