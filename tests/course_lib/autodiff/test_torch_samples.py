"""Torch's own samples (OpInfo) of every operation offered: results and gradients, float64 and float32."""

import inspect
import sys
import types
import unittest
from collections.abc import Callable

import numpy as np
import pytest
import torch

from course_lib.autodiff import Tensor, functional

pytestmark = pytest.mark.slow


def mean_only(function: Callable) -> Callable:
    """A loss in the only form that is offered: the mean."""
    return lambda x, targets, reduction="mean", **options: (
        function(x, targets, **options) if reduction == "mean" else NotImplemented
    )


def classes_last(x: Tensor) -> Tensor:
    """Torch has the classes in the second dimension."""
    return x if x.ndim < 3 else x.permute(0, *range(2, x.ndim), 1)


def views_only(x: Tensor, key):
    parts = key if isinstance(key, tuple) else (key,)
    plain = all(isinstance(part, (int, slice)) or part is None or part is ... for part in parts)
    return x[key] if plain and not any(isinstance(part, bool) for part in parts) else NotImplemented


# name in OpInfo, name of its variant -> the same with our tensors. Samples with arguments that a function
# does not take, or to which it answers NotImplemented, are left out.
OURS = {
    ("add", ""): lambda x, y: x + y,
    ("__radd__", ""): lambda x, y: y + x,
    ("sub", ""): lambda x, y: x - y,
    ("rsub", ""): lambda x, y: y - x,
    ("__rsub__", ""): lambda x, y: y - x,
    ("mul", ""): lambda x, y: x * y,
    ("__rmul__", ""): lambda x, y: y * x,
    ("div", "no_rounding_mode"): lambda x, y: x / y,
    ("__rdiv__", ""): lambda x, y: y / x,
    ("pow", ""): lambda x, y: x**y,
    ("__rpow__", ""): lambda x, y: y**x,
    ("neg", ""): lambda x: -x,
    ("eq", ""): lambda x, y: x == y,
    ("lt", ""): lambda x, y: x < y,
    ("gt", ""): lambda x, y: x > y,
    ("exp", ""): Tensor.exp,
    ("log", ""): Tensor.log,
    ("sqrt", ""): Tensor.sqrt,
    ("tanh", ""): Tensor.tanh,
    ("sigmoid", ""): Tensor.sigmoid,
    ("sum", ""): Tensor.sum,
    ("mean", ""): Tensor.mean,
    ("var", ""): lambda x, dim=None, keepdim=False, correction=1: (
        NotImplemented if correction is None else x.var(dim, keepdim, correction)
    ),
    ("amax", ""): Tensor.max,
    ("matmul", ""): lambda x, y: x @ y,
    ("__rmatmul__", ""): lambda x, y: y @ x,
    ("mm", ""): lambda x, y: x @ y,
    ("bmm", ""): lambda x, y: x @ y,
    ("mv", ""): lambda x, y: x @ y,
    ("permute", ""): Tensor.permute,
    ("transpose", ""): lambda x, one, other: x.transpose(one, other) if x.ndim else NotImplemented,
    ("T", ""): lambda x: x.T,
    ("reshape", ""): Tensor.reshape,
    ("expand", ""): Tensor.expand,
    ("unsqueeze", ""): Tensor.unsqueeze,
    ("squeeze", ""): Tensor.squeeze,
    ("squeeze", "multiple"): Tensor.squeeze,
    ("__getitem__", ""): views_only,
    ("softmax", ""): functional.softmax,
    ("log_softmax", ""): functional.log_softmax,
    ("logsumexp", ""): lambda x, dim, keepdim: functional.logsumexp(x, dim, keepdim),
    ("nn.functional.relu", ""): functional.relu,
    ("nn.functional.gelu", ""): lambda x, approximate: (
        functional.gelu(x) if approximate == "tanh" else NotImplemented
    ),
    ("nn.functional.layer_norm", ""): lambda x, shape, weight, bias, eps=1e-5: (
        functional.layer_norm(x, weight, bias, eps) if len(shape) == 1 else NotImplemented
    ),
    ("nn.functional.linear", ""): lambda x, weight, bias=0: x @ weight.T + bias,
    ("nn.functional.embedding", ""): lambda weight, ids: functional.embedding(ids, weight),
    ("nn.functional.one_hot", ""): lambda ids, num_classes: (
        functional.one_hot(ids, num_classes) if num_classes > 0 else NotImplemented
    ),
    ("nn.functional.nll_loss", ""): mean_only(
        lambda x, targets, ignore_index=None: functional.nll_loss(classes_last(x), targets, ignore_index)
    ),
    ("nn.functional.cross_entropy", ""): mean_only(
        lambda x, targets, ignore_index=None: (
            NotImplemented
            if isinstance(targets, Tensor)  # the probabilities of the classes
            else functional.cross_entropy(classes_last(x), targets, ignore_index)
        )
    ),
    ("nn.functional.mse_loss", ""): mean_only(functional.mse_loss),
    ("nn.functional.binary_cross_entropy_with_logits", ""): mean_only(
        functional.binary_cross_entropy_with_logits
    ),
}


@pytest.fixture(scope="module")
def opinfo():
    """Torch's table; its module asks for a package that only torch's own tests use."""
    sys.modules.setdefault("expecttest", types.SimpleNamespace(TestCase=unittest.TestCase, ACCEPT=False))
    from torch.testing._internal.common_methods_invocations import op_db

    return {(op.name, op.variant_test_name): op for op in op_db}


def is_floating(value) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def converted(value, leaves: list):
    """Arguments for us: floating tensors become leaves, with torch's strides, and others arrays."""
    if isinstance(value, torch.Tensor):
        array = value.detach().numpy()
        if not is_floating(value):
            return array
        leaves.append((Tensor(array, requires_grad=True), value))
        return leaves[-1][0]
    if type(value) in (list, tuple):  # torch.Size among them becomes a tuple
        return type(value)(converted(each, leaves) for each in value)
    return tuple(value) if isinstance(value, torch.Size) else value


def compared(op, ours, sample) -> bool:
    """Whether the sample is one of what is offered; then results and gradients were the same."""
    leaves: list[tuple[Tensor, torch.Tensor]] = []
    arguments = [converted(each, leaves) for each in (sample.input, *sample.args)]
    options = {name: converted(value, leaves) for name, value in sample.kwargs.items()}
    try:
        inspect.signature(ours).bind(*arguments, **options)
        result = ours(*arguments, **options)
    except TypeError as error:
        if "argument" in str(error):
            return False
        raise
    if result is NotImplemented:
        return False
    # Torch computes in float64 also where we compute in float32, so that only our rounding counts.
    exact = sample.transform(lambda value: value.double() if is_floating(value) else value)
    expected = op(exact.input, *exact.args, **exact.kwargs)
    shown = torch.from_numpy(np.array(result.numpy()))
    torch.testing.assert_close(shown, expected.detach().to(shown.dtype), equal_nan=True)
    if not expected.requires_grad:
        return True
    upstream = torch.randn(expected.shape, dtype=shown.dtype, generator=torch.Generator().manual_seed(1))
    result.backward(upstream.numpy())
    wanted = [(mine, theirs) for mine, theirs in leaves if theirs.requires_grad]
    slopes = torch.autograd.grad(
        expected, [theirs for _, theirs in wanted], upstream.double(), allow_unused=True
    )
    for (mine, _), slope in zip(wanted, slopes, strict=True):
        if slope is None:
            assert mine.grad is None
            continue
        shown = torch.from_numpy(np.array(mine.grad.numpy()))
        torch.testing.assert_close(shown, slope, equal_nan=True)
    return True


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("name", OURS, ids=lambda name: "-".join(filter(None, name)))
def test_samples_have_torchs_results_and_gradients(name, dtype, opinfo, record_property):
    op = opinfo[name]
    torch.manual_seed(0)
    floats = dtype in op.supported_dtypes("cpu")
    samples = list(op.sample_inputs("cpu", dtype if floats else torch.int64, requires_grad=floats))
    used = sum(compared(op, OURS[name], sample) for sample in samples)
    assert used, f"none of {len(samples)} samples was used"
    record_property("samples", f"{used} of {len(samples)}")
