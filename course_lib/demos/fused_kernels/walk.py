"""What lab 4's demo counts: a row's way through a chain of kernels, and through one fused kernel.

The steps are those of `autodiff.chains`; NumPy does here what each kernel of `kernels/chains.cu` does, so
that the row can be seen without a compiler.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.autodiff import chains
from course_lib.hardware import gpu

OPERATIONS = ("softmax", "softmax backward", "LayerNorm", "LayerNorm backward")
KEYS = tuple(2**power for power in range(3, 13))  # values of a row
SEQUENCES, HEADS, TOKENS = 8, 12, 1024  # of attention, and of what LayerNorm gets
CARDS = tuple(map(gpu, ("T4 16GB", "RTX 4080 16GB", "A100 80GB", "H100 SXM 80GB")))
VALUE = 4  # bytes
_ROWS, COLUMNS = 3, 4  # of the example; sizes that tell a row's numbers from a column's
_BINARY = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide}
_UNARY = {
    "exponential": np.exp,
    "square": np.square,
    "row_max": lambda x: x.max(1),
    "row_sum": lambda x: x.sum(1),
    "row_mean": lambda x: x.mean(1),
    "column_sum": lambda x: x.sum(0),
}


@dataclass(frozen=True)
class Step:
    """One kernel: what its threads ask for, per value of the tensor, and what it does to the example's row.

    `reads` and `writes` are of memory; `cached` are reads of one number for a row, a column or a sequence,
    which only the first thread that asks has to fetch. `moved` is each array of the launch once. `before` and
    `after` are the example's row in the arrays that are read and written.
    """

    kernel: str
    reads: float
    cached: float
    writes: float
    moved: float
    before: tuple[np.ndarray, ...]
    after: tuple[np.ndarray, ...]

    @property
    def asked(self) -> float:
        """Accesses per value, as the inspector counts them."""
        return self.reads + self.cached + self.writes


@dataclass(frozen=True)
class Walk:
    """An operation on rows of `keys` values, seen up to a kernel of its chain (from 1), or fused."""

    operation: str = OPERATIONS[0]
    keys: int = 1024
    causal: bool = True
    fuse: bool = False
    at: int = 1

    @functools.cached_property
    def chain(self) -> tuple[Step, ...]:
        return chain(self.operation, self.keys, self.causal)

    @functools.cached_property
    def fused(self) -> Step:
        return fused(self.operation, self.keys, self.causal)

    @property
    def now(self) -> Step:
        """The kernel that has just run."""
        return self.fused if self.fuse else self.chain[self.at - 1]

    @property
    def done(self) -> tuple[Step, ...]:
        return (self.fused,) if self.fuse else self.chain[: self.at]

    def moved_bytes(self, steps: Sequence[Step]) -> float:
        """Bytes to and from memory."""
        return VALUE * rows(self.operation, self.keys) * self.keys * sum(step.moved for step in steps)

    def seconds(self, steps: Sequence[Step]) -> list[float]:
        """Time of each of CARDS to move what the steps move, at the bandwidth that its maker states.

        Arithmetic is hidden behind it; launches are not counted in. A tensor that fits in a card's cache may
        be faster.
        """
        return [self.moved_bytes(steps) / card.memory_bandwidth for card in CARDS]


def rows(operation: str, keys: int) -> int:
    """Rows of the tensor: a query for each key in every head, or the tokens of all sequences."""
    return SEQUENCES * (HEADS * keys if operation.startswith("softmax") else TOKENS)


def chain(operation: str, keys: int, causal: bool = False) -> tuple[Step, ...]:
    """The kernels of the chain for rows of `keys` values; causal is a mask of softmax."""
    return tuple(_step(launch, operation, keys) for launch in _example(operation, causal).launches)


def fused(operation: str, keys: int, causal: bool = False) -> Step:
    """The one kernel of lab 4 that does the same; hidden scores are not read.

    What it reads for a whole row, column or sequence it keeps; that is in `moved` alone.
    """
    inputs, last = _inputs(operation), _example(operation, causal).results
    row, column = 1 / keys, 1 / rows(operation, keys)
    if operation == "softmax":
        seen = (keys + 1) / (2 * keys) if causal else 1.0
        scores = np.where(np.arange(COLUMNS) < _visible(causal), inputs[0][0, 0, 0], np.nan)
        moved = seen + 1 + SEQUENCES * row * column
        return Step("attention_softmax", seen, 0.0, 1.0, moved, (scores,), (_row(last["y"]),))
    if operation == "softmax backward":
        before = tuple(map(_row, inputs))
        return Step("softmax_backward", 2.0, 0.0, 1.0, 3.0, before, (_row(last["dx"]),))
    x, *_, residual = _inputs("LayerNorm")
    if operation == "LayerNorm":  # gamma and beta; mean and rstd for the way back
        writes = 2 + 2 * row
        after = _row(last["sum"]), _row(last["y"])
        return Step(
            "residual_layernorm", 2.0, 0.0, writes, 2 + 2 * column + writes, (_row(x), _row(residual)), after
        )
    before = _row(x + residual), _row(inputs[1])
    moved = 3 + 3 * column + 2 * row  # gamma, dgamma, dbeta; mean and rstd
    return Step("layernorm_backward", 2.0, 0.0, 1 + 2 * column, moved, before, (_row(last["dx"]),))


def _step(launch: chains.Launch, operation: str, keys: int) -> Step:
    """The accesses of a launch, told by the sizes of its arrays, of which the last is written."""
    *inputs, out = (array for array in launch.args if isinstance(array, np.ndarray))
    whole = _ROWS * COLUMNS
    row, column = 1 / keys, 1 / rows(operation, keys)
    amounts = {whole: 1.0, _ROWS: row, COLUMNS: column, 1: SEQUENCES * row * column}
    first = amounts[inputs[0].size]
    return Step(
        launch.kernel,
        reads=first * sum(array.size == inputs[0].size for array in inputs),
        cached=first * sum(array.size != inputs[0].size for array in inputs),
        writes=amounts[out.size],
        moved=sum(amounts[array.size] for array in (*inputs, out)),
        before=tuple(map(_row, inputs)),
        after=(_row(out),),
    )


def _row(array: np.ndarray) -> np.ndarray:
    """The part of an array that belongs to the first row of the example."""
    return array.ravel()[: 1 if array.size in (1, _ROWS) else COLUMNS]


def _visible(causal: bool) -> int:
    """Keys that the first query of the example sees; the last one stands at the last key."""
    return COLUMNS - _ROWS + 1 if causal else COLUMNS


@functools.cache
def _inputs(operation: str) -> tuple[np.ndarray, ...]:
    """Arrays of the example."""
    x = np.array([[0.5, 2, -1, 1.5], [1, 0, 2, 1], [0, 1, 1, 0]], np.float32)
    other = np.array([[0.5, -2, 1.5, 1], [1, 1, 0, 0], [2, 0, 1, -1]], np.float32)
    gamma, beta = np.array([[1, 1, 2, 0.5], [0, 0.5, 0, -1]], np.float32)
    if operation == "softmax":
        return x[None, None], np.array([COLUMNS], np.int32)
    if operation == "softmax backward":
        return run(chains.softmax(x[None, None])).results["y"][0, 0], other
    if operation == "LayerNorm":
        return x, gamma, beta, other
    if operation == "LayerNorm backward":
        forward = run(chains.layernorm(x, gamma, beta, other)).results
        return forward["h"], other, gamma, forward["rstd"]
    raise ValueError(f"unknown operation {operation!r}; known: {', '.join(OPERATIONS)}")


@functools.cache
def _example(operation: str, causal: bool) -> chains.Chain:
    """A chain that has run on the example."""
    inputs = _inputs(operation)
    make = {
        "softmax": functools.partial(chains.softmax, scale=0.5, causal=causal),
        "softmax backward": functools.partial(chains.softmax_backward, scale=0.5),
        "LayerNorm": chains.layernorm,
        "LayerNorm backward": chains.layernorm_backward,
    }
    return run(make[operation](*inputs))


def run(made: chains.Chain) -> chains.Chain:
    """The chain, after NumPy has done what its launches do; an unknown kernel is a KeyError."""
    for launch in made.launches:
        *inputs, out = (array for array in launch.args if isinstance(array, np.ndarray))
        scalars = [number for number in launch.args if number is not None and not np.ndim(number)]
        out[...] = _result(launch.kernel, inputs, scalars, made).reshape(out.shape)
    return made


def _result(kernel: str, inputs: list[np.ndarray], scalars: list, made: chains.Chain) -> np.ndarray:
    x, *others = inputs
    if kernel == "reciprocal_root":
        return 1 / np.sqrt(x + scalars[-1])
    x = x.reshape(made.rows, made.columns)
    if kernel in _UNARY:
        return _UNARY[kernel](x)
    if kernel == "scale":
        return x * scalars[-1]
    if kernel == "hide_by_index":
        return np.where(_visible_keys(made.rows, *scalars[1:], *others), x, -np.inf)
    name, _, numbers_of = kernel.partition("_")
    shape = {"rows": (-1, 1), "columns": (1, -1)}.get(numbers_of, x.shape)
    return _BINARY[name](x, others[0].reshape(shape))


def _visible_keys(rows: int, heads: int, queries: int, keys: int, causal: bool, lengths=None) -> np.ndarray:
    key, row = np.arange(keys), np.arange(rows)[:, None]
    seen = key <= row % queries + keys - queries if causal else key < keys
    return seen if lengths is None else seen & (key < lengths[row // (queries * heads)])
