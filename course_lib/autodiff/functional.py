"""Functions of tensors for networks, with torch's names and meanings. Classes stand in the last dimension."""

import math

import numpy as np

from course_lib.autodiff import operations
from course_lib.autodiff.strides import dimensions
from course_lib.autodiff.tensor import Tensor, apply
from course_lib.notebook.reference import reference


def relu(x: Tensor) -> Tensor:
    """The positive part; its slope at 0 is 0."""
    return x.relu()


@reference("Lab3.1")
def gelu(x: Tensor) -> Tensor:
    """x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))), the tanh form of Hendrycks and Gimpel 2016."""
    return apply(operations.gelu, x)


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """exp(x) over its sum. The largest is subtracted first, so nothing overflows."""
    return apply(operations.softmax, _below_largest(x, dim), dims=dimensions(dim, x.ndim))


@reference("Lab3.1")
def log_softmax(x: Tensor, dim: int = -1) -> Tensor:
    """The logarithm of `softmax`, without its underflow."""
    return apply(operations.log_softmax, _below_largest(x, dim), dims=dimensions(dim, x.ndim))


def _below_largest(x: Tensor, dim: int) -> Tensor:
    return x - x.detach().max(dim, keepdim=True) if math.prod(x.shape) else x


@reference("Lab3.1")
def logsumexp(x: Tensor, dim: int = -1, keepdim: bool = False) -> Tensor:
    """log Σ exp(x), also where the largest is infinite."""
    largest = x.detach().max(dim, keepdim=True)
    finite = (largest - largest) == 0
    largest = apply(operations.select, finite, largest)
    result = (x - largest).exp().sum(dim, keepdim=True).log() + largest
    return result if keepdim else result.squeeze(dim)


@reference("Lab3.1")
def one_hot(ids, classes: int, like: Tensor | None = None) -> Tensor:
    """Whole numbers (...) as (..., classes) of 0 and 1, of the dtype and backend of `like` (float32, NumPy).

    Raises TypeError for what is no list and no array of NumPy of whole numbers, ValueError for a number
    outside 0 to classes - 1.
    """
    ids = _whole("ids", ids)
    if ids.size and not (ids.min() >= 0 and ids.max() < classes):
        raise ValueError(f"ids go from 0 to {classes - 1}, not from {ids.min()} to {ids.max()}")
    return _hot(ids, classes, Tensor(0) if like is None else like)


def _whole(name: str, numbers) -> np.ndarray:
    if not isinstance(numbers, Tensor):
        array = np.asarray(numbers)
        if array.dtype.kind in "iu" or not array.size:
            return array
    raise TypeError(f"{name} are whole numbers in a list or an array of NumPy, not {str(numbers)[:40]}")


@reference("Lab3.1")
def _hot(ids: np.ndarray, classes: int, like: Tensor) -> Tensor:
    """`one_hot` in which numbers outside give rows of 0."""
    return like.constant(ids[..., None]) == like.constant(np.arange(classes))


@reference("Lab3.2")
def embedding(ids, weight: Tensor) -> Tensor:
    """Rows of weight (classes, width) by whole numbers (...): (..., width). Raises as `one_hot` does."""
    return one_hot(ids, weight.shape[0], like=weight) @ weight


@reference("Lab3.1")
def nll_loss(log_probabilities: Tensor, targets, ignore_index: int | None = None) -> Tensor:
    """Mean of -log p of the targets: log_probabilities (..., classes), targets (...) whole numbers.

    Targets that are `ignore_index` count neither above nor below; nan where nothing is left, as in torch.
    Raises ValueError for other targets outside the classes and for shapes that do not fit, TypeError for
    targets that are no whole numbers.
    """
    targets = _whole("targets", targets)
    if not log_probabilities.ndim or targets.shape != log_probabilities.shape[:-1]:
        raise ValueError(
            f"targets have shape {targets.shape}, log probabilities {log_probabilities.shape}: "
            "the last dimension is for the classes"
        )
    classes = log_probabilities.shape[-1]
    counted = np.ones(targets.shape, bool) if ignore_index is None else targets != ignore_index
    if not ((targets >= 0) & (targets < classes))[counted].all():
        raise ValueError(f"a target is none of the {classes} classes")
    mask = _hot(np.where(counted, targets, -1), classes, log_probabilities)
    return -apply(operations.select, mask, log_probabilities).sum() / int(counted.sum())


@reference("Lab3.1")
def cross_entropy(logits: Tensor, targets, ignore_index: int | None = None) -> Tensor:
    """Mean of -log softmax(logits) of the targets; logits (..., classes). Else as `nll_loss`."""
    return nll_loss(log_softmax(logits), targets, ignore_index)


def binary_cross_entropy_with_logits(logits: Tensor, targets) -> Tensor:
    """Mean of log(1 + exp(x)) - t x over logits x and targets t from 0 to 1.

    Raises ValueError unless both have the same shape.
    """
    _check_shapes("logits", logits, targets)
    floor = logits.detach().relu()  # the larger of x and 0, so that nothing overflows
    softplus = ((logits - floor).exp() + (-floor).exp()).log() + floor
    return (softplus - logits * targets).mean()


def mse_loss(x: Tensor, targets) -> Tensor:
    """Mean of the squared distances of x and targets. Raises ValueError unless both have the same shape."""
    _check_shapes("x", x, targets)
    away = x - targets
    return (away * away).mean()


def _check_shapes(name: str, x: Tensor, targets) -> None:
    """(n, 1) and (n,) would broadcast to all pairs, and the loss would still fall."""
    if np.shape(targets) != x.shape:
        raise ValueError(f"{name} and targets need the same shape, not {x.shape} and {np.shape(targets)}")


@reference("Lab3.2")
def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """x (..., width) with mean 0 and variance 1 along the last dimension, times weight plus bias (width)."""
    return apply(operations.layer_norm, x, x.constant(weight), x.constant(bias), eps=eps)


@reference("Lab3.2")
def dropout(x: Tensor, p: float, training: bool, rng: np.random.Generator) -> Tensor:
    """In training, each element is 0 with probability p, and the others are divided by 1 - p.

    Raises ValueError unless p is from 0 to below 1.
    """
    if not 0 <= p < 1:
        raise ValueError(f"p must be from 0 to below 1, not {p}")
    if not training or p == 0:
        return x
    return x * ((rng.random(x.shape) >= p) / (1 - p))
