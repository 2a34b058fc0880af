"""What a network is without its nonlinearity, and what a nonlinearity costs on a machine.

Small networks that learn two-dimensional point sets side by side, the best that any straight line could do
on such a set, and the kernels of a transformer's feed-forward block: FLOPs, bytes, seconds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional
from torch.utils.benchmark import Timer

from course_lib import seeds, training
from course_lib.hardware import GPU
from course_lib.notebook.reference import reference

Activation = Callable[[torch.Tensor], torch.Tensor]

# leaky ReLU: Maas et al. 2013; ELU: Clevert et al. 2016; GELU and SiLU: Hendrycks and Gimpel 2016.
ACTIVATIONS: Mapping[str, Activation] = {
    "identity": lambda h: h,
    "ReLU": torch.relu,
    "leaky ReLU": functional.leaky_relu,
    "ELU": functional.elu,
    "GELU": functional.gelu,
    "SiLU": functional.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


def layer_norm(h: torch.Tensor) -> torch.Tensor:
    """Each row (..., width) shifted to mean 0 and scaled to variance 1 (Ba et al. 2016, no gain, no bias)."""
    return functional.layer_norm(h, h.shape[-1:])


class Networks:
    """Networks 2-width-...-width-2 of one shape that differ in activation and seed, computed all at once.

    They are numbered activation by activation, start by start. A network starts as `training.mlp` of that
    seed does, and never feels the others: the loss is a sum over networks, and Adam works number by number.
    """

    def __init__(
        self, activations: Sequence[Activation], starts: Sequence[int], width: int, hidden_layers: int = 2
    ):
        if not activations or not starts:
            raise ValueError("networks need at least one activation and one seed to start from")
        widths = [2, *[width] * hidden_layers, 2]
        self.activations, self.starts = tuple(activations), tuple(starts)
        layers = zip(*(training.mlp(widths, seed=start)[::2] for start in starts), strict=True)
        pairs = [(self._stacked(layer, "weight"), self._stacked(layer, "bias")[:, None]) for layer in layers]
        self.weights = [weight.requires_grad_() for weight, _ in pairs]
        self.biases = [bias.requires_grad_() for _, bias in pairs]

    def _stacked(self, layers: Sequence[torch.nn.Module], name: str) -> torch.Tensor:
        return torch.stack([getattr(layer, name).detach() for layer in layers] * len(self.activations))

    def __len__(self) -> int:
        return len(self.activations) * len(self.starts)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (networks, n, 2) for points x (n, 2), or (starts, n, 2) with points of its own a start."""
        h = self._to_each(x)
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            h = torch.baddbmm(bias, h, weight.transpose(1, 2))  # (networks, n, out)
            if i + 1 < len(self.weights):
                h = self._activated(h)
        return h

    def _activated(self, h: torch.Tensor) -> torch.Tensor:
        if len(self.activations) == 1:  # to take apart and to put together would be a fifth of a step
            return self.activations[0](h)
        parts = h.split(len(self.starts))
        return torch.cat([f(part) for f, part in zip(self.activations, parts, strict=True)])

    def _to_each(self, values: torch.Tensor) -> torch.Tensor:
        """Values (..., n, 2) for all starts or for each, repeated for every network."""
        shape = len(self.activations), len(self.starts), *values.shape[-2:]
        return values.expand(shape).reshape(len(self), *shape[2:])

    def learn(self, x, y, steps: int, lr: float = 0.02) -> Iterator[int]:
        """Adam on all points at once; yields the number of steps done, 0 first, so that one can look between.

        x (n, 2) and y (n,) for all networks, or (starts, n, 2) and (starts, n), arrays or tensors.
        """
        x, y = torch.as_tensor(x), torch.as_tensor(y)
        y = self._to_each(y[..., None]).reshape(-1)
        updater = training.Adam([*self.weights, *self.biases], lr=lr, fused=True)
        yield 0
        for step in range(1, steps + 1):
            loss = functional.cross_entropy(self(x).reshape(-1, 2), y, reduction="sum") * len(self) / len(y)
            updater.zero_grad()
            loss.backward()
            updater.step()
            yield step

    @torch.no_grad()
    def accuracy(self, x, y) -> np.ndarray:
        """Share of the points that each network gets right, (activations, starts)."""
        right = self(torch.as_tensor(x)).argmax(-1) == self._to_each(torch.as_tensor(y)[..., None])[..., 0]
        return right.double().mean(-1).reshape(len(self.activations), len(self.starts)).numpy()

    @torch.no_grad()
    def certainty(self, x) -> np.ndarray:
        """Probability of class 1 at points x (n, 2), float32 (networks, n)."""
        return self(torch.as_tensor(x)).softmax(-1)[..., 1].numpy()

    def layers(self, network: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Weight (out, in) and bias (out,) of each layer of one network, float32."""
        pairs = zip(self.weights, self.biases, strict=True)
        return [(w[network].detach().numpy().copy(), b[network, 0].detach().numpy().copy()) for w, b in pairs]


def best_line(x: np.ndarray, y: np.ndarray) -> float:
    """The largest share of points x (n, 2) with classes y (0 or 1) that any straight line can get right.

    Exact: moved as far as it goes without crossing a point, a line touches one; so lines through each point
    are turned by half a circle, and the sides are counted again at each point they sweep over. O(n² log n).
    """
    x, sign = np.asarray(x, dtype=np.float64), 2 * np.asarray(y) - 1
    if len(x) == 0 or x.shape != (len(sign), 2):
        raise ValueError(f"best_line takes points (n, 2) and as many classes, not {x.shape} and {sign.shape}")
    best = 0
    for pivot in x:
        away = x - pivot
        there = (away == 0).all(axis=1)  # the pivot and its doubles move across the line together
        angle = np.arctan2(away[~there, 1], away[~there, 0])
        half_turn = np.mod(angle, np.pi)
        order = np.argsort(half_turn, kind="stable")
        left = np.where(angle >= 0, 1, -1)  # a direction of exactly pi is swept at once, from the other side
        left[angle == np.pi] = -1
        vote = (left * sign[~there])[order]
        # right minus wrong when "left" is class 1, before the first point and after each
        margin = vote.sum() - 2 * np.concatenate([[0], np.cumsum(vote)])
        turned = half_turn[order]
        apart = np.concatenate([[True], turned[1:] > turned[:-1], [True]])[: len(margin)]
        best = max(best, int(np.abs(margin[apart]).max()) + abs(int(sign[there].sum())))
    return (len(x) + best) / (2 * len(x))


@dataclass(frozen=True)
class Kernel:
    """One launch: its FLOPs, and the numbers it reads and writes when each is moved once."""

    flops: int
    numbers: int

    def seconds(self, gpu: GPU, precision: str = "fp16") -> float:
        """The longer of arithmetic and memory traffic at a card's stated rates (roofline, FP16).

        Williams, Waterman and Patterson 2009. Latency and launch are left out.
        """
        return max(self.flops / gpu.rate(precision), 2 * self.numbers / gpu.memory_bandwidth)


@reference("Q1.3")
def feed_forward(d_model: int, d_ff: int, tokens: int, *, fused: bool = False) -> dict[str, Kernel]:
    """The kernels of d_model -> d_ff -> ReLU -> d_model: "up", "activation" unless `fused` into up, "down".

    A product with its bias: 2 n·in·out + n·out FLOPs; ReLU one per value.
    """

    def product(inputs: int, outputs: int, extra: int) -> Kernel:
        flops = 2 * tokens * inputs * outputs + tokens * outputs + extra
        return Kernel(flops, tokens * inputs + inputs * outputs + outputs + tokens * outputs)

    hidden = tokens * d_ff
    up, down = product(d_model, d_ff, hidden if fused else 0), product(d_ff, d_model, 0)
    if fused:
        return {"up": up, "down": down}
    return {"up": up, "activation": Kernel(hidden, 2 * hidden), "down": down}


def share_on(gpu: GPU, d_model: int, d_ff: int, tokens: int, precision: str = "fp16") -> tuple[float, float]:
    """ReLU's share of the block's time on a card by its data sheet: as a kernel of its own, and fused."""
    own = {k: v.seconds(gpu, precision) for k, v in feed_forward(d_model, d_ff, tokens).items()}
    fused = sum(k.seconds(gpu, precision) for k in feed_forward(d_model, d_ff, tokens, fused=True).values())
    return own["activation"] / sum(own.values()), 1 - (own["up"] + own["down"]) / fused


def share_here(d_model: int, d_ff: int, tokens: int, rounds: int = 7) -> tuple[float, float]:
    """ReLU's share of the block's time on this machine: as a kernel of its own, and fused into the product.

    FP32 on torch's threads, BF16 on a GPU. The kernels take turns, `rounds` times, so that other work on the
    machine disturbs all alike. The fastest counts for a kernel of its own. The fused share is a difference of
    two products' times: its median over the rounds, or nan where their middle half spreads by more than that.
    """
    device, dtype = ("cuda", torch.bfloat16) if torch.cuda.is_available() else ("cpu", torch.float32)
    random = seeds.torch_stream("nonlinearity", "block")
    sizes = {
        "x": (tokens, d_model),
        "w1": (d_ff, d_model),
        "b1": (d_ff,),
        "w2": (d_model, d_ff),
        "b2": (d_model,),
    }
    values = {k: torch.randn(size, generator=random).to(device, dtype) for k, size in sizes.items()}
    values |= {
        "h": _product(values["x"], values["w1"], values["b1"], True),
        "product": _product,
        "torch": torch,
    }
    code = {
        "up": "product(x, w1, b1, False)",
        "activation": "torch.relu(h)",
        "down": "product(h, w2, b2, False)",
        "fused": "product(x, w1, b1, True)",
    }
    timers = {
        name: Timer(line, globals=values, num_threads=torch.get_num_threads()) for name, line in code.items()
    }
    times = {name: [] for name in code}
    for _ in range(rounds):
        for name, timer in timers.items():
            times[name].append(timer.timeit(1).median)
    up, activation, down = (min(times[name]) for name in ("up", "activation", "down"))
    return activation / (up + activation + down), settled(
        (np.array(times["fused"]) - times["up"]) / (np.array(times["fused"]) + times["down"])
    )


def settled(shares: np.ndarray) -> float:
    """Median of what rounds (n,) measured of a share of at least 0; nan where they do not settle it."""
    low, middle, high = np.quantile(shares, (0.25, 0.5, 0.75))
    return float(middle) if middle > high - low else float("nan")


def _product(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, relu: bool) -> torch.Tensor:
    """x @ weight.T + bias, with ReLU inside the product's own kernel when asked: cuBLAS's or oneDNN's."""
    if x.is_cuda or not torch.backends.mkldnn.is_available():
        return (torch._addmm_activation if relu else torch.addmm)(bias, x, weight.T)
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "relu" if relu else "none", [], "")
