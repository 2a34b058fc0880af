"""One head never names both needles, two that look differently do: against scikit-learn and by proof."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib.heads.needles import VALUES, C, both_named, chances

WEIGHT = st.floats(0, 1)


@pytest.mark.parametrize("weights", [[0.5], [0.7], [0.2], [1.0], [0.8, 0.3], [0.55, 0.5], [0.6, 0.6]])
def test_readout_is_the_one_that_scikit_learn_finds_over_all_pairs(weights):
    from sklearn.linear_model import LogisticRegression

    one = np.eye(VALUES)
    pairs = [(a, b) for a in range(VALUES) for b in range(VALUES)]
    mixed = [np.concatenate([t * one[a] + (1 - t) * one[b] for t in weights]) for a, b in pairs]
    readout = LogisticRegression(C=C, fit_intercept=False, tol=1e-10, max_iter=10000)
    probabilities = readout.fit(mixed, [a for a, _ in pairs]).predict_proba(mixed[1:2])[0]  # a = 0, b = 1
    np.testing.assert_allclose(chances(weights), probabilities[:3], atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(WEIGHT)
def test_one_head_never_gives_both_answers_more_than_half(t):
    first, second = both_named([t])
    assert min(first, second) < 0.5
    assert first * second < 0.36


@settings(deadline=None, max_examples=30)
@given(WEIGHT, WEIGHT)
def test_two_heads_name_both_when_they_look_apart_and_gain_nothing_when_alike(t, u):
    both = both_named([[t, u], [u, t], [t, t]]).prod(-1)
    assert both[0] == pytest.approx(both[1])
    assert both[2] < 0.5
    if abs(t - u) > 0.3:
        assert both[0] > 0.9


@settings(deadline=None, max_examples=30)
@given(WEIGHT, WEIGHT)
def test_chances_add_up_and_the_needles_change_places_with_the_weights(t, u):
    assert chances([t, u]) @ [1, 1, VALUES - 2] == pytest.approx(1)
    np.testing.assert_allclose(both_named([t, u]), both_named([1 - t, 1 - u])[::-1])


@given(arrays.arrays(np.float64, (2, 4, 4), elements=st.floats(-100, 100)), WEIGHT)
def test_no_readout_at_all_names_both_of_all_pairs_through_one_head(readouts, t):
    """The proof in the module's docstring, tried on arbitrary readouts of four values."""
    right = []
    for a, b in [(a, b) for a in range(4) for b in range(4) if a != b]:
        said = readouts @ (t * np.eye(4)[a] + (1 - t) * np.eye(4)[b])
        first, second = np.delete(said[0], a).max(), np.delete(said[1], b).max()
        right.append(said[0, a] > first and said[1, b] > second)
    assert not all(right)


def test_weights_that_are_none_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        chances([1.1])
    with pytest.raises(ValueError, match="between 0 and 1"):
        chances([np.nan])
