"""What an engine must do with a graph, as functions of the engine."""

import gc
import weakref
from types import ModuleType

import numpy as np
import pytest

from tests.course_lib.autodiff.close import close

DEEP = 50_000


def a_node_gets_its_gradient_by_every_path(engine: ModuleType) -> None:
    """Its order must be topological: twice is used before and after it is used by another node."""
    a = engine.Tensor(np.array(3.0), requires_grad=True)
    twice = a + a
    (twice * (twice * twice + a) + a * twice).backward()
    close(a.grad, 8 * 3 * 9 + 2 * 2 * 3 + 4 * 3)


def every_edge_is_walked_once(engine: ModuleType) -> None:
    """Sixty doublings have 2^60 paths."""
    a = engine.Tensor(np.array(1.0), requires_grad=True)
    x, walked = a, 0

    def counted(backend, one, other):
        def slope(g):
            nonlocal walked
            walked += 1
            return g

        return backend.zip("add", one, other), slope, slope

    for _ in range(60):
        x = engine.apply(counted, x, x)
    assert walked == 0
    x.backward()
    assert walked == 120
    close(a.grad, 2.0**60)


def a_deep_graph_needs_no_recursion(engine: ModuleType) -> None:
    for leaf in (engine.Tensor(np.array(0.5), requires_grad=True), engine.Value(0.5)):
        x = leaf
        for _ in range(DEEP):
            x = x + leaf
        x.backward()
        close(leaf.grad, DEEP + 1)
        del x


def a_second_backward_adds_to_leaves_and_starts_inner_nodes_anew(engine: ModuleType) -> None:
    x = engine.Tensor(np.array([1.0, 2.0]), requires_grad=True)
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    close(x.grad, [2, 4])
    loss.backward(3.0, retain_graph=True)
    close(x.grad, [8, 16])
    a = engine.Value(3.0)
    inner = a * a
    root = inner * a
    for times in (1, 2):
        root.backward()
        assert (a.grad, inner.grad, root.grad) == (27 * times, 3, 1)


def a_freed_graph_says_so(engine: ModuleType) -> None:
    x = engine.Tensor(np.ones(2), requires_grad=True)
    loss = (x.exp() * x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="retain_graph"):
        loss.backward()


def memory_is_freed_while_the_loss_lives(engine: ModuleType) -> None:
    """By reference counts alone: the garbage collector is off."""
    gc.disable()
    try:
        x = engine.Tensor(np.ones(3), requires_grad=True)
        inner = x * 2.0
        seen = weakref.ref(inner)
        loss = inner.exp().sum()
        del inner
        assert seen() is not None
        loss.backward()
        assert seen() is None
        inner = x * 2.0
        seen, loss = weakref.ref(inner), inner.sum()
        del inner, loss  # without a backward
        assert seen() is None
    finally:
        gc.enable()


def no_grad_records_nothing_and_ends(engine: ModuleType) -> None:
    x = engine.Tensor(np.ones(2), requires_grad=True)

    @engine.no_grad()
    def doubled():
        return x * 2.0

    with engine.no_grad():
        assert not (x * x).requires_grad
        assert not doubled().requires_grad
        assert not (x * x).requires_grad
    with pytest.raises(ZeroDivisionError), engine.no_grad():
        raise ZeroDivisionError
    assert (x * x).requires_grad
    assert not (x.detach() * 2.0).requires_grad


def the_gradient_from_above_counts(engine: ModuleType) -> None:
    x = engine.Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True)
    (x * x).backward([1.0, 0.0, -1.0])
    close(x.grad, [2, 0, -6])
    with pytest.raises(RuntimeError, match=r"\(3,\)"):
        (x * x).backward()
    with pytest.raises(ValueError, match=r"\(1,\)"):
        (x * x).backward([1.0])
