"""Wrong labels are as many as asked, in every class, and no image is on two sides of a run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.overfitting.samples import images, samples, stratified, wrong_labels


@given(st.integers(2, 6), st.integers(1, 40), st.floats(0, 1), st.integers(0, 99))
def test_every_class_gets_its_share_of_wrong_labels_and_no_other_label_changes(classes, each, share, seed):
    y = np.repeat(np.arange(classes), each)
    spoiled = wrong_labels(y, share, seed)
    for label in range(classes):
        assert (spoiled[y == label] != label).sum() == round(share * each)
    assert set(spoiled) <= set(y)
    assert np.array_equal(y, np.repeat(np.arange(classes), each)), "the labels given stay as they were"


def test_wrong_labels_are_drawn_evenly_from_the_other_classes():
    y = np.repeat(np.arange(4), 3000)
    counts = np.array([np.bincount(wrong_labels(y, 1.0)[y == label], minlength=4) for label in range(4)])
    assert (np.diag(counts) == 0).all()
    # A count is binomial(3000, 1/3): 5 standard deviations are 129.
    assert np.abs(counts[~np.eye(4, dtype=bool)] - 1000).max() < 129


def test_another_seed_spoils_other_labels_and_the_same_seed_the_same():
    y = np.repeat(np.arange(10), 50)
    assert np.array_equal(wrong_labels(y, 0.25, 3), wrong_labels(y, 0.25, 3))
    assert not np.array_equal(wrong_labels(y, 0.25, 3), wrong_labels(y, 0.25, 4))


@pytest.mark.parametrize(
    ("y", "share"), [([0, 1], -0.1), ([0, 1], 1.1), ([2, 2], 0.5), ([0, 1], float("nan"))]
)
def test_impossible_shares_are_refused(y, share):
    with pytest.raises(ValueError, match="share in"):
        wrong_labels(np.array(y), share)


def test_samples_spoil_training_labels_only():
    parts = stratified((60, 50, 40), seed=1)
    drawn = samples(parts, 0.25, seed=7)
    x, y = images()
    assert np.array_equal(drawn.x_train, x[parts[0]])
    assert np.array_equal(drawn.true, y[parts[0]])
    assert np.array_equal(drawn.y_validation, y[parts[1]])
    assert np.array_equal(drawn.x_test, x[parts[2]])
    assert np.array_equal(drawn.y_test, y[parts[2]])
    assert np.array_equal(drawn.given, wrong_labels(y[parts[0]], 0.25, 7))
    assert drawn.seed == 7


@pytest.mark.parametrize(
    "parts",
    [[[0, 1], [2, 3]], [[0, 1], [2, 3], [3, 4]], [[0, 1], [2, 3], []], [[0, 0], [1], [2]]],
    ids=["two", "shared", "empty", "twice"],
)
def test_parts_that_would_make_a_test_worthless_are_refused(parts):
    with pytest.raises(ValueError, match="no image in common"):
        samples([np.array(part, dtype=int) for part in parts], 0.25)


def test_stratified_parts_hold_every_class_in_proportion():
    parts = stratified((500, 400, 400), seed=2)
    y = images()[1]
    together = np.concatenate(parts)
    assert len(np.unique(together)) == 1300
    for part in parts:
        exact = len(part) * np.bincount(y) / len(y)
        assert np.abs(np.bincount(y[part]) - exact).max() <= 1


def test_shared_images_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        images()[0][0] = 0
