import contextlib
import gzip
import hashlib
import runpy
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from course_lib import datasets

IDX_CODES = {"u1": 8, "i1": 9, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
POINT_SETS = [datasets.xor, datasets.rings, datasets.spirals]


def test_digits_are_the_real_ones_each_exactly_once():
    from sklearn.datasets import load_digits

    split = datasets.digits()
    x = np.concatenate([split.x_train, split.x_test])
    y = np.concatenate([split.y_train, split.y_test])
    assert x.shape == (1797, 784)
    assert x.dtype == np.float32
    assert y.dtype == np.int64
    assert x.min() >= 0
    assert x.max() <= 1
    source = load_digits()
    expected = torch.nn.functional.interpolate(
        torch.tensor(source.images[:, None] / 16), size=28, mode="bilinear", align_corners=False
    )
    expected = expected.reshape(-1, 784).numpy().astype(np.float32)
    ours, theirs = np.lexsort(x.T), np.lexsort(expected.T)
    np.testing.assert_allclose(x[ours], expected[theirs], atol=1e-6)
    assert np.array_equal(y[ours], source.target[theirs])


def test_digits_split_is_stratified_and_never_changes():
    split = datasets.digits()
    assert (len(split.x_train), len(split.x_test)) == (1437, 360)
    share = np.bincount(split.y_test) / np.bincount(np.concatenate([split.y_train, split.y_test]))
    assert np.ptp(share) < 0.01
    digest = hashlib.sha256(split.y_train.tobytes() + split.y_test.tobytes()).hexdigest()
    assert digest[:16] == "3c41e22f22348ab7"


def test_stored_digits_are_what_scikit_learn_ships_and_splits():
    split = runpy.run_path(datasets.ROOT / "data" / "digits.py")["split"]()
    with np.load(datasets.DIGITS) as stored:
        assert {name: stored[name].dtype for name in stored} == dict.fromkeys(split, np.dtype("uint8"))
        for name, made in split.items():
            assert np.array_equal(stored[name], made), name


def test_what_a_caller_does_to_the_digits_stays_with_the_caller():
    datasets.digits().x_train[:] = -1
    assert datasets.digits().x_train.min() == 0


def test_digits_can_be_learned():
    from sklearn.neighbors import KNeighborsClassifier

    split = datasets.digits()
    nearest = KNeighborsClassifier(1).fit(split.x_train, split.y_train)
    assert nearest.score(split.x_test, split.y_test) > 0.96


@pytest.mark.parametrize("points", POINT_SETS)
@given(n=st.integers(4, 200), seed=st.integers(0, 2**31))
def test_point_sets_have_the_promised_form_and_balanced_classes(points, n, seed):
    x, y = points(n, seed=seed)
    assert x.shape == (n, 2)
    assert x.dtype == np.float32
    assert y.dtype == np.int64
    assert abs(int((y == 0).sum()) - int((y == 1).sum())) <= 2
    assert np.array_equal(x, points(n, seed=seed)[0])
    assert not np.array_equal(x, points(n, seed=seed + 1)[0])


@pytest.mark.parametrize("points", POINT_SETS)
def test_point_sets_need_a_nonlinear_boundary_and_have_one(points):
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    (x, y), (x_new, y_new) = points(2000, seed=0), points(2000, seed=1)
    assert LogisticRegression().fit(x, y).score(x_new, y_new) < 0.76
    assert KNeighborsClassifier(5).fit(x, y).score(x_new, y_new) > 0.97


def test_the_labels_follow_the_definition_without_noise():
    x, y = datasets.xor(40, noise=0)
    assert np.array_equal(y, (x[:, 0] * x[:, 1] < 0).astype(int))
    assert len(np.unique(x, axis=0)) == 4
    x, y = datasets.rings(40, noise=0)
    np.testing.assert_allclose(np.hypot(*x.T), 0.5 + 0.5 * y, atol=1e-6)


@pytest.mark.parametrize("points", POINT_SETS)
@pytest.mark.parametrize("wrong", [{"n": 3}, {"n": 10, "noise": -0.1}])
def test_impossible_point_sets_are_refused_by_name(points, wrong):
    with pytest.raises(ValueError, match=points.__name__):
        points(**wrong)


def idx(array):
    code = IDX_CODES[array.dtype.str[1:]]
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


@given(
    arrays(
        st.sampled_from(sorted(IDX_CODES)).map(np.dtype),
        array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5),
    ),
    st.booleans(),
)
def test_an_idx_file_of_any_type_and_shape_is_read_back(array, compressed):
    content = idx(array)
    got = datasets.read_idx(gzip.compress(content) if compressed else content)
    assert got.dtype == array.dtype
    np.testing.assert_array_equal(got, array)
    assert got.dtype.isnative
    assert got.flags.writeable


@given(st.data())
def test_an_idx_file_cut_off_or_grown_anywhere_is_refused_in_one_line(data):
    content = idx(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    if data.draw(st.booleans()):
        content = gzip.compress(content, mtime=0)
    cut = data.draw(st.integers(0, len(content) - 1))
    for wrong in (content[:cut], content + b"\x01" * (cut + 1)):
        with pytest.raises(ValueError, match=r"IDX|gzip") as refusal:
            datasets.read_idx(wrong)
        assert "\n" not in str(refusal.value)


@given(st.binary(max_size=64))
def test_arbitrary_bytes_are_read_or_refused_but_never_crash_the_reader(data):
    with contextlib.suppress(ValueError):
        assert isinstance(datasets.read_idx(data), np.ndarray)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "nothing"),
        (b"<html>", "3c 68 74 6d"),
        (b"\0\0\x07\x01\0\0\0\0", "00 00 07 01"),
        (b"\0\0\x08\x03\0\0", "6 of 16 bytes"),
        (b"\0\0\x08\x02" + b"\xff" * 8 + b"12", r"shape \(4294967295, 4294967295\)"),
        (b"\x1f\x8b\x08broken", "gzip"),
    ],
)
def test_a_malformed_idx_file_is_refused_with_what_is_wrong(data, message):
    with pytest.raises(ValueError, match=message):
        datasets.read_idx(data)


def test_the_digits_come_without_importing_anything_heavy():
    code = "import sys; from course_lib import datasets; datasets.digits()"
    code += "; print({'sklearn', 'scipy', 'pooch', 'torch'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.strip() == "set()"
