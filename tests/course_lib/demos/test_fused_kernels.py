"""Lab 4's demo: its steps are the inspector's counts, its row is what the kernels make, its title adds up."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import cuda
from course_lib.autodiff import chains
from course_lib.demos import fused_kernels, look
from course_lib.demos.fused_kernels import picture, walk, words
from course_lib.demos.fused_kernels.walk import Walk
from course_lib.seeds import stream
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes
from tests.kernels import lab4
from tests.kernels.references import softmax

A_VALUE = {
    "softmax": (15, 1.5),
    "softmax backward": (12, 3),
    "LayerNorm": (19, 4),
    "LayerNorm backward": (25, 3),
}
KERNELS = dict(zip(A_VALUE, (kernel for kernel in lab4.KERNELS if "short" not in kernel), strict=True))


def normal(*shape):
    return stream("fused kernels demo", *shape).normal(size=shape).astype(np.float32)


def made(operation: str, keys: int) -> chains.Chain:
    """The chain of the demo's shape."""
    rows = walk.rows(operation, keys)
    x, columns, per_row = normal(rows, keys), normal(keys), np.ones(rows, np.float32)
    if operation == "softmax":
        scores = x.reshape(walk.SEQUENCES, walk.HEADS, keys, keys)
        return chains.softmax(scores, np.full(walk.SEQUENCES, keys, np.int32), 0.5, causal=True)
    if operation == "softmax backward":
        return chains.softmax_backward(x, x.copy(), 0.5)
    if operation == "LayerNorm":
        return chains.layernorm(x, columns, columns.copy(), x.copy())
    return chains.layernorm_backward(x, x.copy(), columns, per_row)


def trial(operation: str, keys: int) -> lab4.Trial:
    """The launch of the lab's kernel for the demo's shape."""
    rows = walk.rows(operation, keys)
    return {
        "softmax": lambda: lab4.attention_softmax(walk.SEQUENCES, walk.HEADS, keys, keys, causal=True),
        "softmax backward": lambda: lab4.softmax_backward(rows, keys),
        "LayerNorm": lambda: lab4.residual_layernorm(rows, keys),
        "LayerNorm backward": lambda: lab4.layernorm_backward(rows, keys, blocks=1),
    }[operation]()


@pytest.fixture
def small(monkeypatch):
    """Sequences so few and short that the inspector is done soon."""
    monkeypatch.setattr(walk, "SEQUENCES", 2)
    monkeypatch.setattr(walk, "HEADS", 1)
    monkeypatch.setattr(walk, "TOKENS", 20)


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("operation", walk.OPERATIONS)
def test_each_step_asks_for_what_the_inspector_counts(operation, small):
    keys = 24
    chain, module = made(operation, keys), cuda.load("chains", device="host")
    chain.run(module)  # what is read by one launch has been written by another
    values = walk.rows(operation, keys) * keys
    for step, report in zip(walk.chain(operation, keys, causal=True), chain.inspect(module), strict=True):
        assert step.kernel == report.kernel
        assert step.reads + step.cached == pytest.approx(sum(report.reads.values()) / values)
        assert step.writes == pytest.approx(sum(report.writes.values()) / values)


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("operation", walk.OPERATIONS)
def test_the_fused_kernel_asks_for_what_the_inspector_counts_of_whole_tensors(operation, small):
    keys = 24
    launch, step = trial(operation, keys), walk.fused(operation, keys, causal=True)
    assert step.kernel == launch.kernel
    module = cuda.compile(lab4.source(launch.kernel), device="host")
    report = module.inspect(launch.kernel, launch.grid, launch.block, tuple(launch.args.values()),
                            shared_mem=launch.shared_mem)  # fmt: skip
    values = walk.rows(operation, keys) * keys
    whole = {name for name, array in launch.args.items() if np.size(array) == values}
    read = sum(number for name, number in report.reads.items() if name in whole)
    assert step.reads == pytest.approx(read / values)
    assert step.writes == pytest.approx(sum(report.writes.values()) / values)


@pytest.mark.parametrize("operation", walk.OPERATIONS)
def test_accesses_per_value_of_long_rows_are_those_of_the_lab(operation):
    chain, fused = A_VALUE[operation]
    steps, step = walk.chain(operation, 4096, causal=True), walk.fused(operation, 4096, causal=True)
    assert sum(step.asked for step in steps) == pytest.approx(chain, abs=0.001)
    assert step.asked == pytest.approx(fused, abs=0.001)


@pytest.mark.parametrize("keys", walk.KEYS[:5])
def test_a_causal_mask_spares_the_fused_kernel_reads_and_the_chain_none(keys):
    steps = [walk.chain("softmax", keys, causal) for causal in (False, True)]
    asked = [sum(step.asked for step in chain) for chain in steps]
    assert asked[0] == asked[1]
    every, seen = (walk.fused("softmax", keys, causal).reads for causal in (False, True))
    assert every == 1
    assert seen == np.tri(keys).mean()


@pytest.mark.parametrize("operation", walk.OPERATIONS)
@pytest.mark.parametrize("keys", walk.KEYS)
def test_what_is_moved_is_what_is_asked_for_without_what_the_cache_has(operation, keys):
    for step in (*walk.chain(operation, keys), walk.fused(operation, keys)):
        beside = step.moved - step.reads - step.writes
        assert 0 <= beside <= 3 / keys
        assert beside > 0 or not step.cached


def test_seconds_are_bytes_by_the_bandwidth_of_each_card():
    seen = Walk("softmax backward", 1024)
    whole = 8 * 12 * 1024 * 1024
    of_rows = 8 * 12 * 1024
    nbytes = 4 * (11 * whole + 2 * of_rows)
    assert seen.moved_bytes(seen.chain) == pytest.approx(nbytes)
    by_card = [nbytes / card.memory_bandwidth for card in walk.CARDS]
    assert seen.seconds(seen.chain) == pytest.approx(by_card)


def test_an_unknown_operation_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match="unknown operation 'sigmoid'; known: softmax"):
        walk.chain("sigmoid", 8)


SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 5), st.integers(1, 7))


@given(SHAPES, st.booleans(), st.integers(0, 9))
def test_the_chain_of_numpy_is_softmax_with_a_scale_and_both_masks(shape, causal, seed):
    batch, *_, keys = shape
    rng = stream("fused kernels demo", "softmax", seed)
    scores, lengths = rng.normal(size=shape), rng.integers(1, keys, size=batch, endpoint=True)
    seen = lab4.visible_keys(shape, lengths, causal)
    chain = chains.softmax(scores, lengths.astype(np.int32), 0.3, causal)
    with np.errstate(invalid="ignore"):  # a row in which nothing is visible
        y = walk.run(chain).results["y"]
    whole = seen.any(-1)
    np.testing.assert_allclose(y[whole], softmax(np.where(seen, 0.3 * scores, -np.inf))[whole], atol=1e-12)


@pytest.mark.parametrize("operation", walk.OPERATIONS[1:])
def test_the_chains_of_numpy_are_the_kernels_of_the_lab(operation):
    launch = trial(operation, 8)
    args = {name: np.float64(launch.args[name]) for name in launch.args if name not in launch.expected}
    if operation == "softmax backward":
        results = walk.run(chains.softmax_backward(args["y"], args["dy"])).results
    elif operation == "LayerNorm":
        chain = chains.layernorm(args["x"], args["gamma"], args["beta"], args["residual"])
        results = walk.run(chain).results
    else:
        h = (args["x"] - args["mean"][:, None]) * args["rstd"][:, None]
        results = walk.run(chains.layernorm_backward(h, args["dy"], args["gamma"], args["rstd"])).results
        results |= {"partial_gamma": results["dgamma"], "partial_beta": results["dbeta"]}
    compared = set(results) & set(launch.expected)
    assert len(compared) == {"softmax backward": 1, "LayerNorm": 3, "LayerNorm backward": 3}[operation]
    for name in compared:
        np.testing.assert_allclose(results[name], launch.expected[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("operation", walk.OPERATIONS)
def test_the_fused_kernel_writes_the_row_that_the_chain_ends_with(operation):
    steps, step = walk.chain(operation, 64, causal=True), walk.fused(operation, 64, causal=True)
    np.testing.assert_array_equal(step.after[-1], steps[-1].after[0])
    if operation != "LayerNorm backward":  # whose chain starts from what the way forward has left
        np.testing.assert_array_equal(step.before[0][~np.isnan(step.before[0])],
                                      steps[0].before[0][: np.sum(~np.isnan(step.before[0]))])  # fmt: skip


@pytest.mark.parametrize("operation", walk.OPERATIONS)
def test_bars_add_up_to_what_the_title_says(operation):
    chain = walk.chain(operation, 1024, causal=True)
    for at in (1, len(chain) // 2, len(chain)):
        figure = picture.figure(Walk(operation, at=at))
        reads, cached, writes = figure.data[1:4]
        total = sum(sum(bars.x) for bars in (reads, cached, writes))
        assert f"kernel {at} of {len(chain)}: {total:.1f} of {A_VALUE[operation][0]:.1f} accesses" in said(
            figure
        )
        assert writes.base[-1] + writes.x[-1] == pytest.approx(total)
        assert figure.data[4].text == (f" {total:.1f}",)
        # Each kernel begins where the one before it has ended.
        np.testing.assert_allclose(reads.base[1:], np.add(writes.base, writes.x)[:-1])


@pytest.mark.parametrize("operation", walk.OPERATIONS)
def test_fused_the_title_has_both_and_how_many_times_fewer(operation):
    chain, fused = A_VALUE[operation]
    figure = picture.figure(Walk(operation, keys=4096, fuse=True))
    start = f"{fused:.1f} accesses per value instead of {chain:.1f}, "
    assert start in said(figure)
    times = float(said(figure).partition(start)[2].split()[0])
    assert times == pytest.approx(chain / fused, abs=0.06)
    assert f"1 launch instead of {len(walk.chain(operation, 4096))}" in said(figure)
    assert figure.data[4].text == (f" {chain:.1f}", f" {fused:.1f}")
    faded = list(figure.data[1].marker.opacity)
    assert faded[-1] == 1
    assert max(faded[:-1]) < 0.5
    slow, quick = figure.data[5].x, figure.data[6].x
    assert np.all(np.array(slow) / quick > 3)


@pytest.mark.parametrize(
    ("seen", "done"),
    [
        (Walk(at=2), "hide_by_index reads a value and the length of its sequence, writes a value"),
        (Walk(at=3), "row_max reads a value, writes one number per row"),
        (Walk(at=4), "subtract_rows reads a value and a number of its row, writes a value"),
        (Walk("softmax backward"), "multiply reads two values, writes a value"),
        (Walk("LayerNorm", at=6), "reciprocal_root reads and writes one number per row"),
        (Walk("LayerNorm", at=8), "multiply_columns reads a value and a number of its column"),
        (Walk("LayerNorm backward", at=2), "column_sum reads a value, writes one number per column"),
    ],
)
def test_the_second_line_says_what_the_kernel_reads_and_writes(seen, done):
    assert done in said(picture.figure(seen))


def test_hidden_scores_are_minus_infinity_in_the_chain_and_not_read_by_the_fused_kernel():
    hidden = picture.figure(Walk(at=2)).data[0]
    assert list(hidden.text[2])[-2:] == ["−∞", "−∞"]
    fused = picture.figure(Walk(fuse=True)).data[0]
    assert list(fused.text[0])[-2:] == ["", ""]
    assert list(fused.text[1])[-2:] == ["0", "0"]
    everything = picture.figure(Walk(fuse=True, causal=False)).data[0]
    assert "" not in everything.text[0]


@pytest.mark.parametrize(
    ("seen", "tints"),
    [
        (Walk(at=1), [0, 2]),
        (Walk(at=4), [0, 1, 2]),  # the row's largest value
        (Walk("softmax backward", at=1), [0, 0, 2]),
        (Walk("LayerNorm", at=8), [0, 1, 2]),  # gamma, as long as a row
        (Walk("LayerNorm", fuse=True), [0, 0, 2, 2]),
    ],
)
def test_what_is_read_for_a_whole_row_or_column_is_gray(seen, tints):
    figure = picture.figure(seen)
    lines = np.array(figure.data[0].z, float)
    assert [line[0] for line in lines[: len(tints)]] == tints
    assert np.isnan(lines[len(tints) :]).all()
    assert list(figure.layout.yaxis.ticktext) == ["writes" if tint == 2 else "reads" for tint in tints]


@pytest.mark.parametrize("operation", walk.OPERATIONS)
@pytest.mark.parametrize("keys", [8, 4096])
def test_every_bar_has_room_in_its_panel(operation, keys):
    for fuse in (False, True):
        seen = Walk(operation, keys, fuse=fuse, at=len(walk.chain(operation, keys)))
        figure = picture.figure(seen)
        assert figure.layout.xaxis2.range[1] > 1.1 * max(figure.data[4].x)
        assert figure.layout.xaxis3.range[1] > 1.1 * max(figure.data[5].x)
        low, high = sorted(figure.layout.yaxis2.range)
        assert all(low < place < high for place in figure.data[1].y)
        assert len(figure.layout.yaxis2.ticktext) == len(seen.chain) + 1


def test_the_axis_of_time_has_a_unit_and_names_need_none():
    figure = picture.figure(Walk())
    assert figure.layout.xaxis3.title.text == "ms"
    # The panels' headings say what is added up; the others hold names.
    assert unnamed_axes(figure) == {"xaxis2", "yaxis", "yaxis2", "yaxis3"}
    assert picture.figure(Walk(keys=8)).layout.xaxis3.title.text == "ns"


def test_the_text_for_screen_readers_has_the_title_the_kernels_and_all_times():
    seen = Walk("LayerNorm", 256, at=4)
    text, figure = words.spoken(seen), picture.figure(seen)
    finding = said(figure).split("<span")[0].strip()
    assert text.startswith(finding)
    assert all(step.kernel in text for step in seen.chain)
    for steps in (seen.chain, [seen.fused]):
        for seconds in seen.seconds(steps):
            assert words.duration(seconds) in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5, "2.50 s"), (0.0151, "15.1 ms"), (843e-6, "843 µs"), (92e-9, "92.0 ns"), (99.96e-6, "100 µs")],
)
def test_times_have_three_digits_and_the_largest_unit_below_them(seconds, text):
    assert words.duration(seconds) == text


def test_widget_on_screen_becomes_the_figure_of_the_new_setting():
    before, after = Walk("softmax", 8, at=2), Walk("LayerNorm backward", 512, False, True, 3)
    widget = go.FigureWidget(picture.figure(before))
    widget.update_layout(picture.axes(after))
    look.paint(widget, **picture.contents(after))
    expected = picture.figure(after)
    assert said(widget) == said(expected)
    assert json.loads(widget.to_json()) == json.loads(go.FigureWidget(expected).to_json())


def test_controls_move_the_figure_and_its_text(monkeypatch):
    operation, keys, checks, steps, unseen, figure, _ = still_then_live(monkeypatch, fused_kernels.show)
    (fuse, causal), (at, play) = checks.children, steps.children
    assert "kernel 1 of 7" in said(figure)
    at.value = 7
    assert "15.0 of 15.0" in said(figure)
    assert "kernel 7 of 7" in unseen.value
    operation.value = "softmax backward"
    assert (at.max, play.max, at.value) == (5, 5, 5)
    assert "kernel 5 of 5" in said(figure)
    assert causal.disabled
    fuse.value = True
    assert at.disabled
    assert "3.0 accesses per value instead of 12.0" in said(figure)
    operation.value, keys.value, causal.value = "softmax", 8, False
    assert not causal.disabled
    assert "2.0 accesses per value instead of 15.2" in said(figure)
    assert "role='status'" in unseen.value
