"""Each seeded fault is found, by its kind and its line; its mended twin is silent."""

import re
from pathlib import Path

import numpy as np
import pytest

from course_lib.cuda.compiler import compilers
from course_lib.cuda.module import Module
from course_lib.cuda.traffic import TrafficError, assert_traffic
from course_lib.seeds import stream

FAULTS = sorted(Path(__file__).with_name("faults").glob("*.cu"))
DTYPES = {"float": np.float32, "int": np.int32, "uchar": np.uint8}
DEMANDS = {
    "coalescing": {"coalescing": 0.99},
    "bank conflicts": {"bank_conflicts": 0},
    "reads": {"most_reads": {"x": 1}},
}
pytestmark = pytest.mark.needs("compiler")


def _launch(source: str):
    """The launch written in the file's second line, and what must be found."""
    line, expected = re.search(r"// launch: (.*?); expect: (.*)", source).groups()
    shape = r"\((\d+),(\d+)\)|(\d+)"
    (grid, block), rest = [m.group() for m in re.finditer(shape, line)][:2], line.split("=", 1)[0]
    fields = re.findall(r"(\w+)=(null|\w+(?:\[\d+\])?)", line)
    rng, args, shared = stream("faults", rest), [], 0
    for name, value in fields:
        if name == "shared":
            shared = int(value)
        elif array := re.fullmatch(r"(\w+)\[(\d+)\]", value):
            dtype, n = DTYPES[array[1]], int(array[2])
            args.append(
                rng.normal(size=n).astype(dtype)
                if dtype == np.float32
                else rng.integers(0, 99, n).astype(dtype)
            )
        else:
            args.append(None if value == "null" else int(value))
    return eval(grid), eval(block), args, shared, expected


def _inspect(path: Path, kernel: str, compiler):
    source = path.read_text()
    grid, block, args, shared, expected = _launch(source)
    module = Module(source, path.name, "host", compiler=compiler)
    return module.inspect(kernel, grid, block, args, shared_mem=shared), expected


@pytest.fixture(params=["g++", pytest.param("clang++", marks=[pytest.mark.needs("clang"), pytest.mark.slow])])
def compiler(request):
    return next(c for c in compilers() if c.name == request.param)


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_the_fault_is_found_and_named_with_its_line(path, compiler):
    report, expected = _inspect(path, "faulty", compiler)
    marked = {i for i, line in enumerate(path.read_text().splitlines(), 1) if "// FAULT" in line}
    if expected in DEMANDS:
        assert report.ok, str(report)
        with pytest.raises(TrafficError, match=rf"lines? [\d, ]*\b(?:{'|'.join(map(str, marked))})\b"):
            assert_traffic(report, **DEMANDS[expected])
        return
    found = [finding for finding in report.findings if finding.kind == expected]
    assert found, str(report)
    for finding in found:
        assert {finding.line, finding.other_line} - {None} <= marked, str(report)


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_the_mended_twin_is_silent(path, compiler):
    report, expected = _inspect(path, "mended", compiler)
    assert_traffic(report, **DEMANDS.get(expected, {}))


def test_there_are_at_least_24_faults_of_every_kind():
    kinds = {_launch(path.read_text())[4] for path in FAULTS}
    assert len(FAULTS) >= 24
    assert kinds >= {"race", "out of bounds", "uninitialized", "barrier divergence", *DEMANDS}
