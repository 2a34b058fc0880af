"""The gradient of the whole batch, from what ranks found on their shares of it."""

from collections.abc import Sequence

import numpy as np

from course_lib.arguments import each, row
from course_lib.notebook.reference import reference


@reference("Lab5.2")
def average_gradients(
    gradients: Sequence[Sequence[np.ndarray | None]], tokens: Sequence[int]
) -> list[np.ndarray | None]:
    """Gradient of the mean loss over all tokens, from each rank's gradient of the mean over its own.

    gradients[rank][tensor] is an array, or None where the rank's loss does not depend on the tensor, which
    counts as zeros; tokens[rank] are the targets that count. A rank without any is left out: its mean over
    nothing is NaN. Summed in float64 and given back in the tensor's precision; None for a tensor that no rank
    has. Raises ValueError for counts that are not one a rank, negative, or 0 everywhere, and for ranks whose
    tensors differ.
    """
    each(each(lambda name, part: None))("gradients", gradients)
    tokens = row("tokens", tokens, least=0, whole=True)
    if len(tokens) != len(gradients):
        raise ValueError(f"{len(gradients)} ranks need as many counts of tokens, not {len(tokens)}")
    if not tokens.any():
        raise ValueError("an average needs at least one token: tokens are 0 on every rank")
    sizes = {len(own) for own in gradients}
    if len(sizes) > 1:
        raise ValueError(f"gradients must hold as many tensors on every rank, not {sorted(sizes)}")
    return [_average(number, parts, tokens) for number, parts in enumerate(zip(*gradients, strict=True))]


@reference("Lab5.2")
def _average(number: int, parts: Sequence[np.ndarray | None], tokens: np.ndarray) -> np.ndarray | None:
    """One tensor's average of the ranks' parts; the number is for what is wrong."""
    there = [(part, own) for part, own in zip(parts, tokens, strict=True) if own and part is not None]
    if not there:
        return None
    first = there[0][0]
    if len({np.shape(part) for part, _ in there}) > 1:
        raise ValueError(f"tensor {number} has a different shape on another rank")
    total = sum(np.asarray(part, dtype=float) * (own / tokens.sum()) for part, own in there)
    return np.asarray(total, dtype=first.dtype)
