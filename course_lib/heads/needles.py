"""What a linear readout can name when heads mix two values: the reason why one head cannot name two things.

Two needles hold values a and b. Head h puts weight t_h on the first and 1 - t_h on the second, and brings
back t_h e(a) + (1 - t_h) e(b). For any fixed t the best readout is found, so no training is to blame.

One head fails for every t, however its readout was found. Let G(u, v) be the logit of value u when the head
brings back e(v), and D(u, v) = G(u, u) + G(v, v) - G(u, v) - G(v, u). To name b whatever a is, the readout
needs t G(b, a) + (1 - t) G(b, b) > t G(u, a) + (1 - t) G(u, b) for every other u. Take u = c, a third value,
and add the same with b and c exchanged: (1 - t) D(b, c) > 0. Take u = a, and add the same with a and b
exchanged: (1 - 2t) D(a, b) > 0. So t < 1/2; and to name a needs t > 1/2 in the same way.
"""

import numpy as np

VALUES = 8
C = 1000.0  # weight of the errors against the readout's squared size, as in scikit-learn's LogisticRegression
PAIRS = VALUES * VALUES


def chances(weights) -> np.ndarray:
    """Chances that the best linear readout names the right needle, the other one, or each other value.

    weights (..., heads): how much each head looks at the needle that should be named, the rest at the other.
    Returns (..., 3) for needles of different value. "Best" is least cross-entropy over all ordered pairs of
    VALUES values, and, with a weight of 1 / C, least squared size. Raises ValueError outside of [0, 1].
    """
    t = np.asarray(weights, dtype=np.float64)
    if not ((t >= 0) & (t <= 1)).all():
        raise ValueError("a head's weight on a needle lies between 0 and 1")
    size = _best_sizes(t)
    return _softmax(_distinct_logits(size, t), [1, 1, VALUES - 2])


def both_named(weights) -> np.ndarray:
    """Chances (..., 2) that first and second answer are right, for weights (..., heads) on the first."""
    t = np.asarray(weights, dtype=np.float64)
    return np.stack([chances(t)[..., 0], chances(1 - t)[..., 0]], axis=-1)


# The problem is convex and the same under every renaming of the values, so its solution is too: the readout
# of head h is size_h (I - 1/8), with squared norm 7 size_h^2. One number per head remains, found by Newton.


def _best_sizes(t: np.ndarray) -> np.ndarray:
    size = np.zeros_like(t)
    for _ in range(60):
        slope, curvature = _derivatives(size, t)
        step = np.linalg.solve(curvature, slope[..., None])[..., 0]
        if np.abs(step).max() < 1e-9:
            break
        share, now = np.ones(t.shape[:-1]), _loss(size, t)
        for _ in range(30):
            worse = _loss(size - share[..., None] * step, t) > now + 1e-12
            if not worse.any():
                break
            share = np.where(worse, share / 2, share)
        size = size - share[..., None] * step
    return size


def _distinct_logits(size: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Logits (..., 3) of the wanted needle, the other needle, and any other value."""
    wanted, other = (size * t).sum(-1), (size * (1 - t)).sum(-1)
    return np.stack([wanted, other, np.zeros_like(wanted)], axis=-1)


def _softmax(logits: np.ndarray, counts: list[int]) -> np.ndarray:
    """Chance of each kind (..., kinds), of which there are `counts`."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / (powers * counts).sum(-1, keepdims=True)


def _loss(size: np.ndarray, t: np.ndarray) -> np.ndarray:
    same, equal = PAIRS // VALUES, np.stack([size.sum(-1), np.zeros(t.shape[:-1])], axis=-1)
    distinct = np.log(_softmax(_distinct_logits(size, t), [1, 1, VALUES - 2])[..., 0])
    twins = np.log(_softmax(equal, [1, VALUES - 1])[..., 0])
    return -(PAIRS - same) * distinct - same * twins + (VALUES - 1) / (2 * C) * (size**2).sum(-1)


def _derivatives(size: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope (..., heads) and curvature (..., heads, heads) of the loss in the sizes."""
    same = PAIRS // VALUES
    chance = _softmax(_distinct_logits(size, t), [1, 1, VALUES - 2])
    p, r = chance[..., :1], chance[..., 1:2]
    twin = _softmax(np.stack([size.sum(-1), np.zeros(t.shape[:-1])], axis=-1), [1, VALUES - 1])[..., :1]
    mean, ones = p * t + r * (1 - t), np.ones_like(t)
    slope = (PAIRS - same) * (mean - t) + same * (twin - 1) * ones + (VALUES - 1) / C * size

    def outer(x):
        return x[..., :, None] * x[..., None, :]

    spread = p[..., None] * outer(t) + r[..., None] * outer(1 - t) - outer(mean)
    twins = (twin * (1 - twin))[..., None] * outer(ones)
    curvature = (PAIRS - same) * spread + same * twins + (VALUES - 1) / C * np.eye(t.shape[-1])
    return slope, curvature
