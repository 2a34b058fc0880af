"""Fused kernels behind tensors: torch's values and gradients, their launches, and a line where they end."""

import numpy as np
import pytest
import torch

from course_lib import seeds
from course_lib.autodiff import Tensor
from course_lib.autodiff.backends.kernels import KernelBackend
from course_lib.autodiff.backends.numpy import NUMPY
from course_lib.autodiff.fused import ROW_FLOATS, FusedKernels, attention_softmax, residual_layer_norm
from tests.course_lib.autodiff.close import close
from tests.kernels import lab4

pytestmark = pytest.mark.needs("compiler")


@pytest.fixture(scope="module")
def kernels() -> FusedKernels:
    return FusedKernels([lab4.source(name) for name in ROW_FLOATS], "host")


@pytest.fixture(scope="module", params=["numpy", "kernels"])
def backend(request):
    """Arrays of NumPy, which a launch copies, and those that lie where the kernels' process sees them."""
    return NUMPY if request.param == "numpy" else KernelBackend(device="host")


def _normal(name: str, *shape) -> np.ndarray:
    return seeds.stream("fused", name, *shape).normal(size=shape).astype(np.float32)


def _tensor(values: np.ndarray, backend) -> Tensor:
    return Tensor(backend.array(values, values.dtype), requires_grad=True, backend=backend)


@pytest.mark.parametrize("keys", [1, 20, 32, 33, 300])
@pytest.mark.parametrize("causal", [False, True])
def test_softmax_and_its_gradient_are_torchs(kernels, backend, keys, causal):
    shape = 2, 3, 7, keys
    values, upstream, lengths = _normal("scores", *shape), _normal("upstream", *shape), [keys, keys // 3]
    seen = torch.from_numpy(lab4.visible_keys(shape, lengths, causal).copy())
    x = torch.from_numpy(values).double().requires_grad_()
    expected = torch.nan_to_num(torch.softmax((0.3 * x).masked_fill(~seen, -torch.inf), -1))
    expected = expected.where(seen.any(-1, keepdim=True), 0)
    wanted = torch.autograd.grad(expected, x, torch.from_numpy(upstream).double(), allow_unused=True)[0]
    for fused in (kernels, None):
        scores = _tensor(values, backend)
        y = attention_softmax(scores, lengths, 0.3, causal, fused)
        y.backward(upstream)
        close(y, expected.detach(), 1e-6)
        close(scores.grad, torch.nan_to_num(wanted), 2e-6)


def test_a_transposed_array_is_taken_as_it_is(kernels):
    values = _normal("turned", 2, 3, 6, 5)
    turned = Tensor(values.swapaxes(2, 3))
    close(attention_softmax(turned, kernels=kernels), attention_softmax(turned), 1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3, 40), (300, 17)])
def test_residual_layer_norm_and_its_gradients_are_torchs(kernels, backend, shape):
    """The sum is used twice, as in a transformer: by the norm and by what comes behind."""
    arrays = [_normal(name, *shape) for name in ("x", "residual")]
    arrays += [_normal(name, shape[-1]) for name in ("weight", "bias")]
    to_sum, to_y = _normal("to sum", *shape), _normal("to y", *shape)
    theirs = [torch.from_numpy(each).double().requires_grad_() for each in arrays]
    total = theirs[0] + theirs[1]
    y = torch.nn.functional.layer_norm(total, shape[-1:], *theirs[2:])
    ((total * torch.from_numpy(to_sum)).sum() + (y * torch.from_numpy(to_y)).sum()).backward()
    for fused in (kernels, None):
        ours = [_tensor(each, backend) for each in arrays]
        our_total, our_y = residual_layer_norm(*ours, kernels=fused)
        ((our_total * to_sum).sum() + (our_y * to_y).sum()).backward()
        close(our_y, y.detach(), 2e-5)
        for one, other in zip(ours, theirs, strict=True):
            close(one.grad, other.grad, 2e-4)


def test_a_second_backward_has_gradients_of_its_own(kernels):
    arrays = [Tensor(_normal(name, 3, 8), requires_grad=True) for name in ("x", "residual")]
    arrays += [Tensor(_normal(name, 8), requires_grad=True) for name in ("weight", "bias")]
    _, y = residual_layer_norm(*arrays, kernels=kernels)
    y.backward(np.ones((3, 8)), retain_graph=True)
    first = [each.grad.numpy().copy() for each in arrays]
    y.backward(2 * np.ones((3, 8)))
    for each, once in zip(arrays, first, strict=True):
        close(each.grad, 3 * once, 1e-5)


def test_each_is_one_launch_forward_and_one_backward(kernels):
    kernels.launches.clear()
    scores = Tensor(_normal("scores", 2, 2, 5, 40), requires_grad=True)
    attention_softmax(scores, causal=True, kernels=kernels).sum().backward()
    attention_softmax(scores[..., :20], kernels=kernels).sum().backward()
    arrays = [Tensor(np.ones(shape, np.float32), requires_grad=True) for shape in ((4, 6), (4, 6), 6, 6)]
    residual_layer_norm(*arrays, kernels=kernels)[1].sum().backward()
    assert kernels.launches == dict.fromkeys(ROW_FLOATS, 1) | {"softmax_backward": 2}


def test_nothing_is_launched_for_nothing(kernels):
    kernels.launches.clear()
    for shape in ((0, 2, 3, 4), (2, 2, 0, 4), (2, 2, 3, 0)):
        scores = Tensor(np.ones(shape, np.float32), requires_grad=True)
        attention_softmax(scores, kernels=kernels).sum().backward()
        assert scores.grad.shape == shape
    assert not kernels.launches


def test_rows_that_are_too_long_are_refused_with_the_limit_and_the_line(kernels):
    lines = lab4.source("attention_softmax").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "__global__" in text)
    limit = (
        rf"attention_softmax, line {line}: a row of 30,000 values needs 120,000 bytes of shared memory; "
        "a block has 101,376, for rows of at most 25,344"
    )
    with pytest.raises(ValueError, match=limit):
        attention_softmax(Tensor(np.zeros((1, 1, 1, 30_000), np.float32)), kernels=kernels)
    wide = [Tensor(np.ones(shape, np.float32)) for shape in ((1, 9000), (1, 9000), 9000, 9000)]
    with pytest.raises(ValueError, match=r"residual_layernorm, line \d+: .*rows of at most 8,448"):
        residual_layer_norm(*wide, kernels=kernels)


def test_what_does_not_fit_is_refused_in_a_line(kernels):
    ones = Tensor(np.ones((2, 1, 3, 4), np.float32))
    with pytest.raises(ValueError, match="four dimensions"):
        attention_softmax(ones[0], kernels=kernels)
    for wrong in ([1], [1.5, 2.0], [[1, 2]]):
        for fused in (kernels, None):
            with pytest.raises(ValueError, match="lengths are 2 whole numbers"):
                attention_softmax(ones, wrong, kernels=fused)
    with pytest.raises(ValueError, match="residual"):
        residual_layer_norm(ones, ones[:1], ones, ones, kernels=kernels)
    with pytest.raises(ValueError, match="no source has the kernel attention_softmax_short or softmax_b"):
        FusedKernels([lab4.source("attention_softmax")], "host")
