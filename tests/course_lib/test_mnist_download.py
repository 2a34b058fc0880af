"""MNIST over a loopback server: the download itself, its mirrors, its cache and its refusals."""

import functools
import gzip
import hashlib
import http.server
import threading
from pathlib import Path

import numpy as np
import pytest

from course_lib import datasets
from course_lib.errors import UserError

TEST_SET_CLASSES = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # LeCun's test set, digits 0 to 9


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    datasets._mnist_bytes.cache_clear()
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # pooch's pause before it tries again
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield
    datasets._mnist_bytes.cache_clear()


@pytest.fixture
def server(tmp_path):
    """A folder served on loopback: its path, its address, and the requests it got."""
    folder = tmp_path / "served"
    folder.mkdir()
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path.lstrip("/"))

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{httpd.server_port}/", asked
        httpd.shutdown()


@pytest.fixture
def files(server, monkeypatch):
    """Small generated files in place of the real ones, with their own sums."""
    random = np.random.default_rng(0)
    arrays = {}
    for name in datasets.MNIST_MD5:
        n = 20 if name.startswith("train") else 10
        arrays[name] = random.integers(0, 256, (n, 28, 28)) if "images" in name else random.integers(0, 10, n)
        server[0].joinpath(name).write_bytes(idx(arrays[name]))
    sums = {name: hashlib.md5(server[0].joinpath(name).read_bytes()).hexdigest() for name in arrays}
    monkeypatch.setattr(datasets, "MNIST_MD5", sums)
    return arrays


def dead_mirror():
    """An address on which nothing listens: the port is bound for a moment and given back."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as httpd:
        return f"http://127.0.0.1:{httpd.server_port}/"


def test_mnist_is_what_the_files_hold_in_the_form_of_every_split(files, server, tmp_path, capfd):
    split = datasets.mnist([server[1]], tmp_path / "cache")
    assert (split.x_train.shape, split.x_test.shape) == ((20, 784), (10, 784))
    assert (split.x_train.dtype, split.y_train.dtype) == (np.float32, np.int64)
    images = files["train-images-idx3-ubyte.gz"].reshape(20, 784)
    np.testing.assert_allclose(split.x_train, images / 255, atol=1e-7)
    assert np.array_equal(split.y_test, files["t10k-labels-idx1-ubyte.gz"])
    assert capfd.readouterr() == ("", "")


def test_mnist_is_downloaded_once_and_then_works_without_the_server(files, server, tmp_path):
    first = datasets.mnist([server[1]], tmp_path / "cache")
    assert sorted(server[2]) == sorted(files)
    first.x_train[:] = -1
    assert datasets.mnist([server[1]], tmp_path / "cache").x_train.min() >= 0
    datasets._mnist_bytes.cache_clear()
    assert len(datasets.mnist([dead_mirror()], tmp_path / "cache").x_train) == 20
    assert len(server[2]) == 4


def test_a_dead_mirror_is_passed_over_for_the_next(files, server, tmp_path):
    assert len(datasets.mnist([dead_mirror(), server[1]], tmp_path).x_train) == 20


def test_a_mirror_that_lacks_a_file_is_passed_over(files, server, tmp_path):
    server[0].joinpath("half").mkdir()
    name = "train-images-idx3-ubyte.gz"
    server[0].joinpath("half", name).write_bytes(server[0].joinpath(name).read_bytes())
    assert len(datasets.mnist([server[1] + "half/", server[1]], tmp_path).x_train) == 20
    assert server[2].count(name) == 0  # what the first mirror gave is kept


def test_a_file_with_a_wrong_sum_is_refused_and_never_kept(files, server, tmp_path):
    server[0].joinpath("t10k-labels-idx1-ubyte.gz").write_bytes(idx(np.zeros(10)))
    with pytest.raises(UserError, match="wrong MD5 sum"):
        datasets.mnist([server[1]], tmp_path / "cache")
    assert not (tmp_path / "cache" / "t10k-labels-idx1-ubyte.gz").exists()


def test_a_damaged_file_in_the_cache_is_downloaded_again(files, server, tmp_path):
    datasets.mnist([server[1]], tmp_path / "cache")
    datasets._mnist_bytes.cache_clear()
    tmp_path.joinpath("cache", "t10k-labels-idx1-ubyte.gz").write_bytes(b"half a fi")
    split = datasets.mnist([server[1]], tmp_path / "cache")
    assert np.array_equal(split.y_test, files["t10k-labels-idx1-ubyte.gz"])


def test_offline_the_one_line_names_every_mirror_and_the_way_out(files, server, tmp_path):
    with pytest.raises(UserError) as refusal:
        datasets.mnist([dead_mirror(), server[1] + "missing/"], tmp_path)
    message = str(refusal.value)
    assert "\n" not in message
    assert "127.0.0.1" in message
    assert "ConnectionError" in message
    assert "HTTP 404" in message
    assert "datasets.digits()" in message


def test_a_cache_that_cannot_be_written_is_named(files, server, tmp_path):
    tmp_path.joinpath("file").write_text("in the way")
    with pytest.raises(UserError, match=r"cannot keep MNIST in .*file"):
        datasets.mnist([server[1]], tmp_path / "file" / "cache")


@pytest.mark.needs("shared")
def test_the_real_test_set_comes_through_with_the_published_sums(shared_data, server, tmp_path, monkeypatch):
    sums = dict(datasets.MNIST_MD5)
    for name in sums:
        if name.startswith("t10k"):  # the real files, under the real sums
            content = shared_data.joinpath("mnist", name).read_bytes()
        else:
            content = idx(np.zeros((2, 28, 28) if "images" in name else 2))
            sums[name] = hashlib.md5(content).hexdigest()
        Path(server[0], name).write_bytes(content)
    monkeypatch.setattr(datasets, "MNIST_MD5", sums)
    split = datasets.mnist([server[1]], tmp_path / "cache")
    assert np.bincount(split.y_test).tolist() == TEST_SET_CLASSES
    assert split.x_test.shape == (10_000, 784)
    assert split.x_test.max() == 1
    assert split.x_test.mean() == pytest.approx(0.1325, abs=1e-4)


@pytest.mark.needs("shared")
def test_read_idx_reads_the_real_files(shared_data):
    images = datasets.read_idx(shared_data.joinpath("mnist", "t10k-images-idx3-ubyte.gz").read_bytes())
    labels = datasets.read_idx(shared_data.joinpath("mnist", "t10k-labels-idx1-ubyte.gz").read_bytes())
    assert (images.shape, images.dtype, labels.shape) == ((10_000, 28, 28), np.uint8, (10_000,))
    assert np.bincount(labels).tolist() == TEST_SET_CLASSES
    assert labels[:5].tolist() == [7, 2, 1, 0, 4]
