"""The data of the workbook: real handwritten digits and two-dimensional point sets."""

import functools
import gzip
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib import seeds
from course_lib.downloads import fetch
from course_lib.paths import ROOT

DIGITS = ROOT / "data" / "digits.npz"  # written by data/digits.py
# LeCun, Cortes and Burges; the sums are those of the files as first published.
MNIST_MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}
MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
# Of the two files of November 2023.
AZURE_SHA256 = {
    "conv": "2f1e5b666d4e3055fdbba98598ce2ec307767b9064e03e2fa46676dbcc7d0bf8",
    "code": "54e9a6d2a4bd06ba1e060304b900abbc74cbea53de96506e60fe5bb4f2277fb6",
}
AZURE_MIRRORS = (
    "https://raw.githubusercontent.com/Azure/AzurePublicDataset/master/data/",
    "https://media.githubusercontent.com/media/Azure/AzurePublicDataset/master/data/",
)
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


@dataclass(frozen=True)
class Split:
    """Images and labels, for training and for testing.

    x_train and x_test: float32 (n, 784) in [0, 1], an image's 28 rows one after the other;
    y_train and y_test: int64 (n,), the digits 0 to 9.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def digits() -> Split:
    """The 1,797 real digits that ship with scikit-learn, 8x8 made 28x28: 1,437 to train, 360 to test.

    Each class is split in the same proportion, and always in the same way. The arrays are the caller's
    own. Source: UCI Optical Recognition of Handwritten Digits (test part), sklearn.datasets.load_digits.
    """
    split = _digits()
    return Split(split.x_train.copy(), split.y_train.copy(), split.x_test.copy(), split.y_test.copy())


@functools.cache
def _digits() -> Split:
    with np.load(DIGITS) as stored:
        x_train, x_test = (
            _upsample(stored[name] / 16.0, 28).reshape(-1, 784).astype(np.float32)  # it counts 0 to 16
            for name in ("x_train", "x_test")
        )
        y_train, y_test = (stored[name].astype(np.int64) for name in ("y_train", "y_test"))
    return Split(x_train, y_train, x_test, y_test)


def _upsample(images: np.ndarray, size: int) -> np.ndarray:
    """Square images (n, s, s) to (n, size, size), bilinear, pixels as areas (torch's align_corners=False)."""
    old = images.shape[-1]
    centers = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
    # Row i holds the weights of the old pixels in the new pixel i: a hat around its center.
    weights = np.maximum(0, 1 - np.abs(centers[:, None] - np.arange(old)))  # (size, old)
    return weights @ images @ weights.T


def mnist(mirrors: Sequence[str] = MNIST_MIRRORS, folder: Path | str | None = None) -> Split:
    """The real MNIST: 60,000 images to train, 10,000 to test; downloaded once, 12 MB, and kept.

    The files lie in `folder` (the user's cache folder unless given) and are checked by their MD5 sums. A
    mirror that fails or sends something else is passed over for the next. The arrays are the caller's own.
    Raises UserError, in one line, when no mirror could be used or the files cannot be kept.
    """
    x_train, y_train, x_test, y_test = _mnist_bytes(tuple(mirrors), folder)
    return Split(_pixels(x_train), y_train.astype(np.int64), _pixels(x_test), y_test.astype(np.int64))


def _pixels(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


@functools.cache
def _mnist_bytes(mirrors: tuple[str, ...], folder: Path | str | None) -> tuple[np.ndarray, ...]:
    """The four arrays as bytes, a quarter of what they take as float32."""
    sums = {name: f"md5:{digest}" for name, digest in MNIST_MD5.items()}
    paths = fetch("MNIST", sums, mirrors, folder, "datasets.digits()")
    return tuple(read_idx(path.read_bytes()) for path in paths)


def azure_trace(kind: str, mirrors: Sequence[str] = AZURE_MIRRORS, folder: Path | str | None = None) -> Path:
    """The file of an hour of requests to a language model, recorded in November 2023; downloaded once, kept.

    kind: "conv" (conversation, 19,366 requests) or "code" (completion, 8,819). Columns TIMESTAMP,
    ContextTokens, GeneratedTokens. Source: Patel et al. 2024 (Splitwise), Azure public data set, CC-BY 4.0;
    checked by its SHA-256. Raises ValueError for another kind, UserError as `mnist` does.
    """
    if kind not in AZURE_SHA256:
        raise ValueError(f"an Azure trace is one of {', '.join(AZURE_SHA256)}, not {kind!r}")
    name = f"AzureLLMInferenceTrace_{kind}.csv"
    sums = {name: f"sha256:{AZURE_SHA256[kind]}"}
    return fetch("Azure trace", sums, mirrors, folder, f'Trace.like_azure("{kind}")')[0]


def read_idx(data: bytes) -> np.ndarray:
    """The array in an IDX file, gzip-compressed or not: type and shape stand in its header, big-endian.

    Format: the MNIST page of LeCun, Cortes and Burges. Raises ValueError in one line for data that is not
    IDX, is cut off, or is longer than its header says.
    """
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"not a whole gzip file: {error}") from None
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in IDX_TYPES:
        raise ValueError(f"not an IDX file: it begins with {data[:4].hex(' ') or 'nothing'}")
    kind, rank = np.dtype(IDX_TYPES[data[2]]), data[3]
    start = 4 + 4 * rank
    if len(data) < start:
        raise ValueError(f"IDX file cut off in its header: {len(data)} of {start} bytes")
    shape = tuple(int(size) for size in np.frombuffer(data, ">u4", rank, 4))
    expected = start + math.prod(shape) * kind.itemsize
    if len(data) != expected:
        raise ValueError(f"IDX file of {len(data)} bytes where its header, shape {shape}, says {expected}")
    return np.frombuffer(data, kind, offset=start).reshape(shape).astype(kind.newbyteorder("="))


def xor(n: int, noise: float = 0.2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Four equal Gaussian clusters at (±1, ±1), with class 1 where the signs differ.

    `noise` is a cluster's standard deviation in each direction. Returns x float32 (n, 2) and y int64 (n,),
    shuffled. Raises ValueError for n < 4 or a negative noise.
    """
    random = _checked_stream("xor", n, noise, seed)
    corner = np.arange(n) % 4
    signs = np.stack([corner % 2, corner // 2], axis=1) * 2.0 - 1  # (n, 2)
    return _shuffled(signs, (signs[:, 0] != signs[:, 1]), noise, random)


def rings(n: int, noise: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two circles around the origin, of radius 0.5 (class 0) and 1 (class 1), blurred by `noise`.

    Returns x float32 (n, 2) and y int64 (n,), shuffled. Raises ValueError as `xor` does.
    """
    random = _checked_stream("rings", n, noise, seed)
    y = np.arange(n) % 2
    angle = random.uniform(0, 2 * np.pi, n)
    return _shuffled(_polar(0.5 + 0.5 * y, angle), y, noise, random)


def spirals(n: int, noise: float = 0.02, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two spirals of a turn and a half about each other, radius 0.1 to 1, blurred by `noise`.

    Returns x float32 (n, 2) and y int64 (n,), shuffled. Raises ValueError as `xor` does.
    """
    random = _checked_stream("spirals", n, noise, seed)
    y = np.arange(n) % 2
    along = np.sqrt(random.uniform(0, 1, n))  # the root spreads the points evenly along the curve
    return _shuffled(_polar(0.1 + 0.9 * along, 3 * np.pi * along + np.pi * y), y, noise, random)


def _polar(radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _checked_stream(name: str, n: int, noise: float, seed: int) -> np.random.Generator:
    if n < 4 or noise < 0:
        raise ValueError(
            f"{name} needs at least 4 points and a noise of at least 0, not n={n}, noise={noise}"
        )
    return seeds.stream("datasets", name, seed=seed)


def _shuffled(
    x: np.ndarray, y: np.ndarray, noise: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    x = x + random.normal(scale=noise, size=x.shape)
    order = random.permutation(len(x))
    return x[order].astype(np.float32), y[order].astype(np.int64)
