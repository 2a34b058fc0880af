"""What an engine's operations must compute, as functions of the engine; torch knows the right answers."""

from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings

from course_lib import seeds
from tests.course_lib.autodiff import programs
from tests.course_lib.autodiff.close import close


def random_programs_agree_with_torch(engine: ModuleType, examples: int = 60) -> None:
    # Not shrunk: a copy with a mistake needs no smallest example.
    @settings(max_examples=examples, phases=[Phase.generate], database=None)
    @given(programs.programs())
    def agree(program):
        leaves = [engine.Tensor(array, requires_grad=True) for array in program.leaves]
        nodes = programs.run(program, leaves)
        expected, gradients = programs.in_torch(program)
        for node, wanted in zip(nodes, expected, strict=True):
            assert node.dtype == np.float64
            close(node, wanted)
        if nodes[-1].requires_grad:
            nodes[-1].backward(program.upstream)
        for leaf, wanted in zip(leaves, gradients, strict=True):
            close(np.zeros(leaf.shape) if leaf.grad is None else leaf.grad, wanted)

    agree()


def corners_have_torchs_slopes(engine: ModuleType) -> None:
    """ReLU at 0, equal maxima, powers of 0, far out on sigmoid and softmax."""
    zero, far, above = [-1.0, 0.0, 2.0], [-1000.0, -30.0, 0.0, 30.0, 1000.0], [[2.0, 2, 1], [0, 0, 0]]
    cases = [
        (lambda x: x.relu(), zero),
        (lambda x: x**2.0, zero),
        (lambda x: x**0.0, zero),
        (lambda x: 0.0**x, [1.0, 2.0]),
        (lambda x: x.sigmoid(), far),
        (lambda x: x.tanh(), far),
        (lambda x: programs.largest(x, -1), above),
        (lambda x: programs.largest(x, (0, 1)), above),
        (lambda x: programs.largest(x, 0), above),
    ]
    for function, values in cases:
        mine = engine.Tensor(np.array(values), requires_grad=True)
        theirs = torch.tensor(values, dtype=torch.float64, requires_grad=True)
        result, expected = function(mine), function(theirs)
        close(result, expected.detach())
        upstream = np.arange(1.0, expected.numel() + 1).reshape(expected.shape)
        result.backward(upstream)
        expected.backward(torch.tensor(upstream))
        close(mine.grad, theirs.grad)


def matrix_products_have_torchs_shapes(engine: ModuleType) -> None:
    shapes = [
        ((3,), (3,)), ((3,), (3, 1)), ((1, 3), (3,)), ((3,), (2, 3, 4)), ((2, 4, 3), (3,)),
        ((2, 1, 4, 3), (5, 3, 2)), ((2, 4, 3), (3, 5)), ((4, 3), (2, 3, 5)), ((0, 3), (3, 2)),
        ((2, 0), (0, 3)), ((2, 0, 3), (3, 4)),
    ]  # fmt: skip
    random = seeds.stream("autodiff", "products")
    for one, other in shapes:
        arrays = [random.normal(size=one), random.normal(size=other)]
        mine = [engine.Tensor(array, requires_grad=True) for array in arrays]
        theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
        result, expected = mine[0] @ mine[1], theirs[0] @ theirs[1]
        close(result, expected.detach())
        upstream = random.normal(size=result.shape)
        result.backward(upstream)
        expected.backward(torch.tensor(upstream))
        for ours, wanted in zip(mine, theirs, strict=True):
            close(ours.grad, wanted.grad)


def every_view_has_torchs_gradient(engine: ModuleType) -> None:
    """Three sizes, so that no order of dimensions is its own inverse by chance."""
    views = [
        lambda x: x.permute(2, 0, 1),
        lambda x: x.permute(-2, -1, -3),
        lambda x: x.transpose(0, -1),
        lambda x: x.reshape(4, -1),
        lambda x: x.unsqueeze(-2).expand(2, 3, 5, 4),
        lambda x: x[1],
        lambda x: x[-1, 1:, None, ::2],
        lambda x: x[..., -2:][:, 2],
        lambda x: x.sum((-1, 0)),
        lambda x: x.mean((0, -2), keepdim=True),
        lambda x: x.var(1),
        lambda x: programs.largest(x, (0, -1)),
        lambda x: x[0, 1:2].squeeze(0),
    ]
    random = seeds.stream("autodiff", "views")
    array = random.normal(size=(2, 3, 4))
    for view in views:
        mine, theirs = engine.Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
        result, expected = view(mine), view(theirs)
        close(result, expected.detach())
        upstream = random.normal(size=result.shape)
        result.backward(upstream)
        expected.backward(torch.tensor(upstream))
        close(mine.grad, theirs.grad)


def what_networks_are_made_of_has_torchs_gradient(engine: ModuleType) -> None:
    """Along each dimension, with a gradient from above that is not the same everywhere."""
    ours, theirs = engine.functional, torch.nn.functional
    functions = [
        (ours.gelu, lambda x: theirs.gelu(x, approximate="tanh")),
        *((lambda x, dim=dim: ours.softmax(x, dim), lambda x, dim=dim: x.softmax(dim)) for dim in (0, -1)),
        *(
            (lambda x, dim=dim: ours.log_softmax(x, dim), lambda x, dim=dim: x.log_softmax(dim))
            for dim in (0, -1)
        ),
        (
            lambda x: ours.layer_norm(x, x[0, 0], x[1, 1], eps=0.1),
            lambda x: theirs.layer_norm(x, (4,), x[0, 0], x[1, 1], eps=0.1),
        ),
    ]
    random = seeds.stream("autodiff", "networks")
    array, upstream = 2 * random.normal(size=(2, 3, 4)), random.normal(size=(2, 3, 4))
    for own, torchs in functions:
        mine, other = engine.Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
        result, expected = own(mine), torchs(other)
        close(result, expected.detach())
        result.backward(upstream)
        expected.backward(torch.tensor(upstream))
        close(mine.grad, other.grad)


def any_strides_will_do(engine: ModuleType) -> None:
    """Fortran order, negative steps, repeated rows: results depend on values alone."""
    c = seeds.stream("autodiff", "strides").normal(size=(4, 6))
    stretched = np.broadcast_to(c[:1], (4, 6))
    for array in (np.asfortranarray(c), c[::-1, ::-2], c.T, stretched):
        x, y = (engine.Tensor(each, requires_grad=True) for each in (array, np.array(array, order="C")))
        for each in (x, y):
            product = each.reshape(-1, 3) @ each.T.reshape(3, -1)
            (product.exp().sum(0) + each.reshape(-1)[0] * each.max()).sum().backward()
        close(x.grad, y.grad)


def float64_and_float32_stay(engine: ModuleType) -> None:
    for dtype in (np.float64, np.float32, np.float16):
        x = engine.Tensor(np.ones((2, 1), dtype), requires_grad=True)
        y = 2 * (x + np.float64(0.5)) ** 2 / np.ones(3) - [0.5, 1, 2]
        y = engine.functional.softmax(y, -1) * (x > 0) + y.relu().mean(-1, keepdim=True) + y.sigmoid().var()
        assert y.dtype == dtype
        y.sum().backward()
        assert x.grad.dtype == dtype
    assert engine.Tensor([1, 2]).dtype == engine.Tensor(np.arange(2)).dtype == np.float32
    with pytest.raises(TypeError, match="float32 and float64"):
        engine.Tensor([1.0]) + engine.Tensor(np.ones(1))


def nothing_and_single_numbers_have_gradients(engine: ModuleType) -> None:
    """Size 0 and 0-d, through broadcasting too."""
    empty = engine.Tensor(np.zeros((0, 3)), requires_grad=True)
    row = engine.Tensor(np.ones((1, 3)), requires_grad=True)
    number = engine.Tensor(np.array(2.0), requires_grad=True)
    (empty * row * number).sum().backward()
    close(empty.grad, np.zeros((0, 3)))
    close(row.grad, np.zeros((1, 3)))
    close(number.grad, 0.0)
    cube = number * number.sum() * number.reshape(1, 1)[0, -1].unsqueeze(0).squeeze().max()
    assert (cube.shape, cube.item()) == ((), 8.0)
    cube.backward()
    close(number.grad, 12.0)
    assert isinstance(number.data, np.ndarray)
    assert isinstance(number.grad.data, np.ndarray)


def an_operand_that_was_replaced_leaves_recorded_graphs_alone(engine: ModuleType) -> None:
    """What is written into its array, a later backward sees: so it is defined."""
    x = engine.Tensor(np.array([3.0]), requires_grad=True)
    y = x * x
    x.data = np.array([100.0])
    y.backward()
    close(x.grad, [6.0])
    x = engine.Tensor(np.array([3.0]), requires_grad=True)
    y = x * x
    x.data[0] = 5.0
    y.backward()
    close(x.grad, [10.0])
    a, b = (engine.Tensor(np.zeros(2), requires_grad=True) for _ in range(2))
    (a + b).sum().backward()
    before = a.grad.data
    (a * 2.0).sum().backward()
    close(before, [1, 1])  # what was handed out does not change
    close(a.grad, [3, 3])
    close(b.grad, [1, 1])


def losses_stand_far_out(engine: ModuleType) -> None:
    """Large logits neither overflow nor vanish, and targets that are ignored do not count."""
    functional = engine.functional
    logits = np.array([[1e4, 0.0, -1e4], [0.0, 0.0, 0.0], [5.0, -3.0, 1.0]])
    targets = np.array([2, 1, 0])
    x, theirs = engine.Tensor(logits, requires_grad=True), torch.tensor(logits, requires_grad=True)
    loss = functional.cross_entropy(x, targets, ignore_index=1)
    wanted = torch.nn.functional.cross_entropy(theirs, torch.tensor(targets), ignore_index=1)
    close(loss, wanted.detach())
    loss.backward()
    wanted.backward()
    close(x.grad, theirs.grad)
    x, theirs = engine.Tensor(logits, requires_grad=True), torch.tensor(logits, requires_grad=True)
    labels = np.array([[0.0, 1, 1], [0.5, 0, 1], [1, 0, 0]])
    loss = functional.binary_cross_entropy_with_logits(x, labels)
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(theirs, torch.tensor(labels))
    close(loss, wanted.detach())
    loss.backward()
    wanted.backward()
    close(x.grad, theirs.grad)
    infinite = np.array([[-np.inf, 0.0], [-np.inf, -np.inf], [np.inf, 1.0]])
    close(functional.logsumexp(engine.Tensor(infinite), 1), torch.logsumexp(torch.tensor(infinite), 1))
