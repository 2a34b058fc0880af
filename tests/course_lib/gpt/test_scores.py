"""BLEU is sacrebleu's without smoothing, to the last digits."""

import pytest
import sacrebleu
from hypothesis import example, given
from hypothesis import strategies as st

from course_lib.gpt.scores import bleu, exact
from course_lib.notebook.reference import ReferenceRefused

# Few words, so that runs of four are found twice and clipped.
SENTENCE = st.lists(st.sampled_from(["a", "b", "the"]), max_size=9)
PAIR = st.tuples(SENTENCE, SENTENCE)
LIKE = SENTENCE.flatmap(lambda one: st.tuples(st.just(one), st.sampled_from([one, one[1:], [*one, "a"]])))


def oracle(hypotheses, references):
    joined = [" ".join(tokens) for tokens in hypotheses]
    against = [[" ".join(tokens) for tokens in references]]
    return sacrebleu.corpus_bleu(joined, against, smooth_method="none", tokenize="none", force=True).score


@given(st.lists(PAIR | LIKE, min_size=1, max_size=5))
@example([(["a", "b", "a", "b"], ["a", "b", "a", "b"])])
@example([([], ["a"])])
@example([([], [])])
@example([(["a"] * 4, [])])
@example([(["the"] * 7, ["the", "a", "the", "b", "a", "the", "b"])])
@example([(["a", "b", "a"], ["a", "b", "a"])])  # right, and nothing is four tokens long
def test_bleu_is_that_of_sacrebleu(pairs):
    hypotheses, references = [one for one, _ in pairs], [other for _, other in pairs]
    assert bleu(hypotheses, references) == pytest.approx(oracle(hypotheses, references), abs=1e-9)


def test_known_values():
    reference = ["the", "cat", "sat", "on", "the", "mat", "."]
    assert bleu([reference], [reference]) == pytest.approx(100)
    # the fifth of seven words is wrong: 6 of 7 are right, 4 of 6 twos, 2 of 5 threes, 1 of 4 fours
    assert bleu([["the", "cat", "sat", "on", "a", "mat", "."]], [reference]) == pytest.approx(
        100 * (6 / 7 * 4 / 6 * 2 / 5 * 1 / 4) ** 0.25
    )
    # four of seven words: exp(1 - 7/4)
    assert bleu([reference[:4]], [reference]) == pytest.approx(100 * 2.718281828459045**-0.75)


def test_it_is_the_score_of_the_corpus_and_no_mean_of_sentences():
    hypotheses = [["a", "b", "c", "d"], ["a", "b", "c", "d", "e", "f", "x", "y"]]
    references = [["a", "b", "c", "d"], ["a", "b", "c", "d", "e", "f", "g", "h"]]
    mean = sum(bleu([h], [r]) for h, r in zip(hypotheses, references, strict=True)) / 2
    assert abs(bleu(hypotheses, references) - mean) > 1


def test_exact_counts_sentences_that_are_the_same():
    assert exact([["a", "b"], ["a"], [], ["b", "a"]], [["a", "b"], ["b"], [], ("b", "a")]) == 75
    assert exact([["a"]], [["a", "a"]]) == 0


@pytest.mark.parametrize("score", [bleu, exact])
@pytest.mark.parametrize(("ours", "theirs"), [([], []), ([["a"]], []), ([["a"]], [["a"], ["b"]])])
def test_unequal_numbers_and_nothing_are_refused_in_one_line(score, ours, theirs):
    with pytest.raises(ValueError, match=rf"{len(ours)} translations, {len(theirs)} references$"):
        score(ours, theirs)


def test_it_is_not_handed_in_as_ones_own(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "1")
    scope = {"__name__": "__main__", "bleu": bleu}
    exec("def mine(): return bleu([['a']], [['a']])", scope)
    with pytest.raises(ReferenceRefused, match=r"Lab3\.7"):
        scope["mine"]()
