"""A ReLU network in NumPy, its weights plain arrays: what a client trains and a server averages.

Weights are a list [W1, b1, W2, b2, ...], W (out, in) and b (out,), as torch's linear layers hold them; x is
(n, in) and y the classes (n,).
"""

from collections.abc import Sequence

import numpy as np

from course_lib.notebook.reference import reference

Weights = list[np.ndarray]
WIDTHS = (784, 64, 10)  # 50,890 parameters


def initial(widths: Sequence[int] = WIDTHS, seed: int = 0) -> Weights:
    """The float32 weights that `training.mlp(widths, seed=seed)` starts with."""
    from course_lib import training

    return [parameter.detach().numpy() for parameter in training.mlp(widths, seed=seed).parameters()]


def parameters(weights: Weights) -> int:
    """How many numbers a model has."""
    return sum(part.size for part in weights)


def scores(weights: Weights, x: np.ndarray) -> np.ndarray:
    """Outputs (n, classes) of the network, before the softmax."""
    return _layers(weights, x)[-1]


def losses(weights: Weights, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Softmax cross-entropy (n,) of each example."""
    outputs = scores(weights, x)
    outputs = outputs - outputs.max(axis=1, keepdims=True)  # exp does not overflow
    return np.log(np.exp(outputs).sum(axis=1)) - outputs[np.arange(len(y)), y]


def accuracy(weights: Weights, x: np.ndarray, y: np.ndarray) -> float:
    """Share of the examples, from 0 to 1, whose largest output is their class."""
    return float((scores(weights, x).argmax(axis=1) == y).mean())


@reference("Lab7.2")
def gradient(weights: Weights, x: np.ndarray, y: np.ndarray) -> Weights:
    """Gradient of the mean softmax cross-entropy, one array for each of the weights.

    Backpropagation by hand: the error of the outputs is softmax - one-hot, over n; a layer hands it down
    through W, and ReLU lets it pass where its output is above 0.
    """
    layers = _layers(weights, x)
    outputs = layers.pop()
    error = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    error /= error.sum(axis=1, keepdims=True)
    error[np.arange(len(y)), y] -= 1
    error /= len(y)
    found: Weights = []
    for depth in range(len(layers) - 1, -1, -1):
        found[:0] = [error.T @ layers[depth], error.sum(axis=0)]
        if depth:
            error = (error @ weights[2 * depth]) * (layers[depth] > 0)
    return found


def _layers(weights: Weights, x: np.ndarray) -> list[np.ndarray]:
    """What each layer takes in, x first, and at the end the outputs."""
    layers = [x]
    for weight, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        layers.append(np.maximum(layers[-1] @ weight.T + bias, 0))
    return [*layers, layers[-1] @ weights[-2].T + weights[-1]]
