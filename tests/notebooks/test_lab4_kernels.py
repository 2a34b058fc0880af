"""The solutions of lab 4: values against float64, exact reads and writes, barriers, lanes, no race."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import cuda
from course_lib.autodiff import chains
from course_lib.paths import ROOT
from course_lib.seal import unsealed
from tests import launches
from tests.kernels import lab4

pytestmark = pytest.mark.needs("compiler")
WARPS = st.integers(1, 8)
SEEDS = st.integers(0, 9)


@pytest.fixture(scope="module", autouse=True)
def _launched_as_forks():
    with launches.as_forks():
        yield


@st.composite
def attention(draw, most_keys: int) -> dict:
    """Shapes, masks and scales of attention; with large scores a scale that does not round."""
    batch, keys = draw(st.integers(1, 3)), draw(st.integers(1, most_keys))
    size = draw(st.sampled_from([1.0, 300.0]))
    return {
        "batch": batch,
        "heads": draw(st.integers(1, 3)),
        "queries": draw(st.integers(1, 12)),
        "keys": keys,
        "lengths": draw(st.none() | st.lists(st.integers(0, keys), min_size=batch, max_size=batch)),
        "causal": draw(st.booleans()),
        "scale": draw(st.sampled_from([1.0, 0.125, -0.5] if size > 1 else [1.0, 0.3, -1.7])),
        "size": size,
        "warps": draw(WARPS),
        "seed": draw(SEEDS),
    }


def right(trial: lab4.Trial, inspected: bool, compiler=None) -> None:
    assert trial.faults(lab4.source(trial.kernel), inspected, compiler) == []


TRIALS = {
    "attention_softmax": attention(200).map(lambda drawn: lab4.attention_softmax(**drawn)),
    "attention_softmax_short": attention(32).map(lambda drawn: lab4.attention_softmax_short(**drawn)),
    "softmax_backward": st.builds(
        lab4.softmax_backward, st.integers(1, 8), st.integers(1, 300), st.sampled_from([1.0, 0.125, -3.0]),
        st.booleans(), WARPS, SEEDS,
    ),
    "residual_layernorm": st.builds(
        lab4.residual_layernorm, rows=st.integers(0, 9), columns=st.integers(1, 300),
        mean=st.sampled_from([0.0, 3.0]), blocks=st.integers(1, 12), warps=WARPS, seed=SEEDS,
    ),
    "layernorm_backward": st.builds(
        lab4.layernorm_backward, rows=st.integers(0, 9), columns=st.integers(1, 300),
        mean=st.sampled_from([0.0, 3.0]), blocks=st.integers(1, 12), warps=WARPS, seed=SEEDS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kernel", lab4.KERNELS)
def test_values_are_those_of_float64_at_any_shape(kernel):
    @settings(max_examples=25, deadline=None)
    @given(trial=TRIALS[kernel])
    def at_any_shape(trial):
        right(trial, inspected=False)

    at_any_shape()


@pytest.mark.parametrize("kernel", lab4.KERNELS)
def test_reads_writes_barriers_and_lanes_are_right_at_any_shape(kernel):
    @settings(max_examples=10, deadline=None)
    @given(trial=TRIALS[kernel])
    def at_any_shape(trial):
        right(trial, inspected=True)

    at_any_shape()


@pytest.mark.slow
@pytest.mark.parametrize("compiler", cuda.compilers(), ids=lambda compiler: compiler.name)
@pytest.mark.parametrize("kernel", lab4.KERNELS)
def test_every_compiler_counts_the_same(kernel, compiler):
    @settings(max_examples=10, deadline=None)
    @given(trial=TRIALS[kernel])
    def at_any_shape(trial):
        right(trial, inspected=True, compiler=compiler)

    at_any_shape()


@pytest.mark.parametrize("make", [lab4.attention_softmax, lab4.attention_softmax_short])
def test_a_row_in_which_nothing_is_visible_gives_zeros(make):
    trial = make(batch=2, heads=2, queries=9, keys=6, lengths=[0, 5], causal=True)
    rows = trial.expected["y"].any(-1)
    assert not rows[0].any()  # a sequence without keys
    assert not rows[1, :, :3].any()  # queries that stand before the first key
    right(trial, inspected=True)


@pytest.mark.parametrize("make", [lab4.attention_softmax, lab4.attention_softmax_short])
def test_scores_of_a_thousand_do_not_overflow(make):
    right(make(queries=4, keys=30, size=1000.0), inspected=False)


@pytest.mark.parametrize("columns", [768, 1000])
def test_a_mean_of_a_thousand_leaves_four_digits(columns):
    for seed in range(3):
        trial = lab4.residual_layernorm(3, columns, 1000.0, seed=seed, tolerance=1e-4)
        right(trial, inspected=False)


def test_a_constant_row_becomes_beta():
    trial = lab4.residual_layernorm(2, 40)
    trial.args["x"][...], trial.args["residual"][...] = 3, -1
    trial.expected = {
        "sum": np.full((2, 40), 2.0),
        "y": np.tile(trial.args["beta"], (2, 1)),
        "rstd": np.full(2, lab4.EPSILON**-0.5),
    }
    right(trial, inspected=False)


def test_eps_is_that_of_the_launch():
    right(lab4.residual_layernorm(3, 50, eps=0.5), inspected=False)


def test_the_backward_kernel_takes_what_the_forward_kernel_has_kept():
    """Both gradients of the weights, and dx, from the kernels alone, against the chains."""
    forward = lab4.residual_layernorm(6, 90)
    arrays = forward.args
    module = cuda.compile(lab4.source("residual_layernorm"), device="host")
    module["residual_layernorm"](3, 64, tuple(arrays.values()), shared_mem=forward.shared_mem)
    back = lab4.layernorm_backward(6, 90)
    back.args |= {
        "x": arrays["sum"],
        "gamma": arrays["gamma"],
        "mean": arrays["mean"],
        "rstd": arrays["rstd"],
    }
    chain = cuda.load("chains", device="host")
    ahead = chains.layernorm(arrays["x"], arrays["gamma"], arrays["beta"], arrays["residual"])
    ahead.run(chain)
    behind = chains.layernorm_backward(
        ahead.results["h"], back.args["dy"], arrays["gamma"], ahead.results["rstd"]
    )
    behind.run(chain)
    back.expected = {
        "dx": behind.results["dx"],
        "partial_gamma": behind.results["dgamma"],
        "partial_beta": behind.results["dbeta"],
    }
    right(back, inspected=False)


# Bytes of the chain over bytes of the fused kernel, as the inspector counts them.
@pytest.mark.parametrize(
    ("fused", "chain", "expected"),
    [
        pytest.param(
            lab4.attention_softmax(1, 1, 128, 128, causal=True, scale=0.5, warps=1),
            lambda a: chains.softmax(a["scores"], None, 0.5, True),
            9.3,
            id="softmax",
        ),
        pytest.param(
            lab4.softmax_backward(64, 128),
            lambda a: chains.softmax_backward(a["y"], a["dy"]),
            10 / 3,
            id="softmax backward",
        ),
        pytest.param(
            lab4.residual_layernorm(64, 256, blocks=4),
            lambda a: chains.layernorm(a["x"], a["gamma"], a["beta"], a["residual"]),
            4.7,
            id="layernorm",
        ),
        pytest.param(
            lab4.layernorm_backward(64, 768, blocks=4, warps=1),
            lambda a: chains.layernorm_backward(a["x"], a["dy"], a["gamma"], a["rstd"]),
            7.7,  # every thread reads mean and rstd, too
            id="layernorm backward",
        ),
    ],
)
def test_a_chain_moves_many_times_the_bytes(fused, chain, expected):
    launch = fused.grid, fused.block, tuple(fused.args.values())
    module = cuda.compile(lab4.source(fused.kernel), device="host")
    report = module.inspect(fused.kernel, *launch, shared_mem=fused.shared_mem)
    unfused = chain(fused.args).inspect(cuda.load("chains", device="host"))
    moved = sum(one.global_bytes for one in unfused)
    assert moved / report.global_bytes == pytest.approx(expected, rel=0.03)


MISTAKES = sorted((ROOT / "tests" / "mutants" / "lab4").glob("*.cu"))


@pytest.mark.slow
@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_every_mistake_is_found(path):
    kernel = path.stem.partition("__")[0]
    text = path.read_text("utf-8")
    assert any(trial.faults(text) for trial in lab4.trials(kernel))


@pytest.mark.parametrize("kernel", lab4.KERNELS)
def test_what_finds_the_mistakes_finds_none_in_the_solution(kernel):
    for trial in lab4.trials(kernel):
        right(trial, inspected=True)


@pytest.mark.parametrize(
    ("topic", "name", "kernel"),
    [
        ("softmax", "softmax_backward_fused", "softmax_backward"),
        ("layernorm", "layernorm_backward_fused", "layernorm_backward"),
    ],
)
def test_a_copy_of_the_librarys_kernel_is_no_answer(topic, name, kernel):
    """The nearest kernels that the student edition ships, with the parameters of the task."""
    text = unsealed((ROOT / "kernels" / f"{topic}.cu").read_text("utf-8")).replace(name, kernel)
    if kernel == "softmax_backward":
        end = "int columns) {\n    size_t row = blockIdx.x;\n    y += row * columns, dy"
        assert end in text
        text = text.replace(end, end.replace("columns)", "columns, float scale)"))
    assert any(trial.faults(text) for trial in lab4.trials(kernel))


def test_there_are_at_least_six_mistakes_for_each_kernel():
    kernels = [path.stem.partition("__")[0] for path in MISTAKES]
    assert set(kernels) == set(lab4.KERNELS)
    assert min(map(kernels.count, lab4.KERNELS)) >= 6


def _line(kernel: str, words: str) -> int:
    """Where these words stand first in a kernel's solution."""
    lines = lab4.source(kernel).splitlines()
    return next(number for number, text in enumerate(lines, 1) if words in text)


def test_more_shared_memory_than_a_block_has_is_refused_with_the_limit_and_the_line():
    trial = lab4.attention_softmax(keys=4)
    trial.shared_mem = 120_000
    line = _line("attention_softmax", "__global__")
    with pytest.raises(ValueError, match=f"attention_softmax, line {line}: .* a block has at most 101,376"):
        trial.faults(lab4.source("attention_softmax"))


def test_a_row_longer_than_its_shared_memory_is_found_in_its_line():
    trial = lab4.attention_softmax(keys=40)
    trial.shared_mem = 4 * 32
    found = trial.faults(lab4.source("attention_softmax"))
    line = _line("attention_softmax", "row[c] = scale")
    assert (
        f"line {line}: out of bounds: thread 32 writes shared row[32], but its elements are 0 to 31"
        in found[0]
    )


@pytest.mark.parametrize("threads", [16, 48])
def test_a_block_of_no_whole_number_of_warps_is_named_with_its_threads_and_the_line(threads):
    trial = lab4.softmax_backward(columns=60)
    trial.block = threads
    found = trial.faults(lab4.source("softmax_backward"))
    said = f"the block has {threads} threads, no whole number of warps, and its last warp has 16 lanes"
    assert f"line {_line('softmax_backward', '__shfl')}: inactive lane" in found[0]
    assert said in found[0]
