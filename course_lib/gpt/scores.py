"""How good translations are: BLEU, and the share that is exactly right."""

import math
from collections import Counter
from collections.abc import Sequence

from course_lib.notebook.reference import reference

LONGEST = 4  # words in a row that are counted


@reference("Lab3.7")
def bleu(hypotheses: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> float:
    """BLEU of a corpus, 0 to 100, from the tokens of translations and of one reference each.

    Papineni et al. 2002: the geometric mean of the shares of 1 to 4 tokens in a row that are found in the
    reference, each as often as it stands there, over all sentences together; times exp(1 - r/h) where the
    translations (h tokens in all) are shorter than the references (r). No smoothing: where one of the shares
    is 0, or nothing is long enough to have one, BLEU is 0. Raises ValueError as `exact` does.
    """
    _check(hypotheses, references)
    found, counted = [0] * LONGEST, [0] * LONGEST
    for hypothesis, target in zip(hypotheses, references, strict=True):
        for n in range(1, LONGEST + 1):
            ours, theirs = _in_a_row(hypothesis, n), _in_a_row(target, n)
            found[n - 1] += (ours & theirs).total()
            counted[n - 1] += ours.total()
    if not all(found):
        return 0.0
    mean = sum(math.log(f / c) for f, c in zip(found, counted, strict=True)) / LONGEST
    shorter = sum(map(len, references)) / sum(map(len, hypotheses))
    return 100 * math.exp(mean + min(0.0, 1 - shorter))


def exact(hypotheses: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> float:
    """Percentage of translations that are the reference, token for token.

    Raises ValueError for no translations, and for more or fewer translations than references.
    """
    _check(hypotheses, references)
    same = [list(one) == list(other) for one, other in zip(hypotheses, references, strict=True)]
    return 100 * sum(same) / len(same)


def _check(hypotheses: Sequence, references: Sequence) -> None:
    if len(hypotheses) != len(references) or not len(references):
        raise ValueError(
            f"each reference has one translation, and there is at least one: "
            f"{len(hypotheses)} translations, {len(references)} references"
        )


def _in_a_row(tokens: Sequence[str], n: int) -> Counter:
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
