"""The inspector's counts are exact, worked out by hand here; demands on them fail with a sentence."""

import numpy as np
import pytest

from course_lib import cuda
from course_lib.cuda.module import Module

pytestmark = pytest.mark.needs("compiler")
TILED = """extern "C" __global__ void matmul(const float* a, const float* b, float* c, int n) {
    __shared__ float ta[16][16], tb[16][16];
    int row = blockIdx.y * 16 + threadIdx.y, col = blockIdx.x * 16 + threadIdx.x;
    float sum = 0.0f;
    for (int k0 = 0; k0 < n; k0 += 16) {
        ta[threadIdx.y][threadIdx.x] = a[row * n + k0 + threadIdx.x];
        tb[threadIdx.y][threadIdx.x] = b[(k0 + threadIdx.y) * n + col];
        __syncthreads();
        for (int k = 0; k < 16; ++k) sum += ta[threadIdx.y][k] * tb[k][threadIdx.x];
        __syncthreads();
    }
    c[row * n + col] = sum;
}
"""


def _inspect(body, *args, grid=1, block=32, parameters="const float* x, float* y", shared=0, device="host"):
    source = f'extern "C" __global__ void k({parameters}) {{\nint t = threadIdx.x;\n{body}\n}}\n'
    return Module(source, "test.cu", device).inspect("k", grid, block, args, shared_mem=shared)


def _floats(n):
    return np.arange(n, dtype=np.float32)


def test_a_tiled_product_of_128_reads_each_factor_eight_times():
    n = 128
    a, b, c = (
        np.eye(n, dtype=np.float32),
        np.random.default_rng(0).random((n, n), np.float32),
        np.zeros((n, n), np.float32),
    )
    report = Module(TILED, "tiled.cu", "host").inspect("matmul", (8, 8), (16, 16), (a, b, c, n))
    np.testing.assert_array_equal(c, b)
    assert report.ok
    assert sum(report.reads.values()) == 262_144
    assert sum(report.writes.values()) == 16_384
    assert report.coalescing == 1
    assert report.bank_conflicts == 0
    assert report.global_bytes == 4 * (262_144 + 16_384)
    assert report.intensity(2 * n**3) == pytest.approx(2 * n**3 / report.global_bytes)
    cuda.assert_traffic(
        report, {"a": n * n * 8, "b": n * n * 8}, {"c": n * n}, most_reads={"a": 8}, coalescing=1
    )


@pytest.mark.parametrize(
    ("index", "sectors"), [("t", 4), ("31 - t", 4), ("0", 1), ("2 * t", 8), ("8 * t", 32), ("t + 1", 5)]
)
def test_sectors_of_one_warp_read(index, sectors):
    report = _inspect(f"y[t] = x[{index}];", _floats(256), np.zeros(32, np.float32))
    (reads,) = [line for line in report.lines if line.array == "x"]
    assert (reads.requests, reads.accesses, reads.sectors) == (1, 32, sectors)


@pytest.mark.parametrize(("index", "used"), [
    ("t", 128), ("31 - t", 128), ("2 * t", 128), ("8 * t", 128), ("t + 1", 128),
    ("0", 32),  # all lanes want one number of the sector that moves
    ("t / 2", 64), ("t / 16 * 8", 64), ("t % 4 * 8", 128), ("t < 30 ? 0 : 8 * t", 40),
])  # fmt: skip
def test_bytes_of_a_sector_count_once_for_each_lane_and_no_more_than_it_has(index, used):
    report = _inspect(f"y[t] = x[{index}];", _floats(256), np.zeros(32, np.float32))
    (reads,) = [line for line in report.lines if line.array == "x"]
    assert (reads.used_bytes, reads.ideal_sectors) == (used, -(-used // 32))


@pytest.mark.parametrize(("body", "share"), [
    ("for (int i = t; i < 256; i += 32) y[i] = x[i];", 1),
    ("if (t == 0) for (int i = 0; i < 256; ++i) y[i] = x[i];", 1 / 8),
    ("for (int i = 8 * t; i < 8 * t + 8; ++i) y[i] = x[i];", 1 / 8),
    ("if (t == 0) for (int i = 0; i < 64; ++i) ((float4*)y)[i] = ((const float4*)x)[i];", 1 / 2),
    # Two rounds over the same bytes are as good as one.
    ("for (int r = 0; r < 2; ++r) for (int i = t; i < 256; i += 32) y[i] = x[i] + r;", 1),
    ("for (int r = 0; r < 2; ++r) for (int i = 8 * t; i < 8 * t + 8; ++i) y[i] = x[i] + r;", 1 / 8),
    ("for (int i = t; i < 250; i += 32) y[i] = x[i];", 1),  # the end of an array is no waste
    ("for (int i = t; i < 248; i += 32) y[i + 1] = x[i + 1];", 31 / 39),  # one sector more for each request
])  # fmt: skip
def test_coalescing_is_the_share_of_what_moves_that_threads_asked_for(body, share):
    report = _inspect(body, _floats(256), np.zeros(256, np.float32))
    assert report.coalescing == pytest.approx(share, abs=1e-3)
    assert report.coalescing_of("x") == report.coalescing_of("y") == report.coalescing


def test_coalescing_can_be_asked_of_some_arrays():
    report = _inspect("y[t] = x[8 * t];", _floats(256), np.zeros(32, np.float32))
    assert (report.coalescing_of("x"), report.coalescing_of("y")) == (1 / 8, 1)
    assert report.coalescing_of("x", "y") == report.coalescing == 8 / 36
    cuda.assert_traffic(report, coalescing={"y": 1})
    with pytest.raises(
        cuda.TrafficError, match="coalescing of x is 12%, poor: at least 80% is asked for; line 3 moves 32"
    ):
        cuda.assert_traffic(report, coalescing={"y": 1, "x": 0.8})
    with pytest.raises(ValueError, match="no global array 'z'"):
        cuda.assert_traffic(report, coalescing={"z": 1})


@pytest.mark.parametrize("loop", [
    "float v = x[32 * j + t];\nv += __shfl_xor_sync(~0u, v, 1);\nif (t == 0)\ns[j] = v;",
    "float v = x[32 * j + t];\nif (t < 2)\ns[8 * t + j] = v;",
    "float v = x[32 * j + t];\nif (t % 2)\nv += s[t % 8];\nelse\ns[t % 8] = v;",
])  # fmt: skip
def test_lanes_with_more_to_do_at_the_end_of_a_round_do_not_fall_behind_their_warp(loop):
    body = f"__shared__ float s[16];\ns[t % 16] = 0;\nfor (int j = 0; j < 8; ++j) {{\n{loop}\n}}"
    report = _inspect(body, _floats(256), np.zeros(8, np.float32))
    (reads,) = [line for line in report.lines if line.array == "x"]
    assert (reads.requests, reads.sectors) == (8, 32)


def test_lanes_that_leave_a_loop_early_meet_the_others_behind_it():
    inner = "for (int j = 0; j < 1 + t % 3; ++j)\nv += x[t + 32 * j];"
    body = f"float v = 0;\nfor (int r = 0; r < 2; ++r) {{\n{inner}\ny[t] = v;\n}}"
    report = _inspect(body, _floats(96), np.zeros(32, np.float32))
    (writes,) = [line for line in report.lines if line.array == "y"]
    assert (writes.requests, writes.sectors) == (2, 8)


@pytest.mark.parametrize(
    ("index", "extra"),
    [("t", 0), ("0", 0), ("2 * t", 1), ("4 * t", 3), ("32 * t", 31), ("33 * t", 0), ("t / 2 * 32", 15)],
)
def test_bank_conflicts_of_one_warp_read(index, extra):
    body = (
        "__shared__ float s[1056];\nfor (int i = t; i < 1056; i += 32) s[i] = "
        f"x[0];\n__syncwarp();\ny[t] = s[{index}];"
    )
    report = _inspect(body, _floats(1), np.zeros(32, np.float32))
    assert report.ok
    assert report.bank_conflicts == extra


@pytest.mark.parametrize(
    ("index", "extra"), [("t", 0), ("4 * t", 0), ("8 * t", 1), ("31 - t", 0), ("4 * t + t / 31", 0)]
)
def test_bytes_of_one_word_share_its_bank(index, extra):
    fill = "__shared__ char s[256];\nfor (int i = t; i < 256; i += 32) s[i] = i;\n__syncwarp();\n"
    body = f"{fill}y[t] = s[{index}];"
    report = _inspect(body, _floats(1), np.zeros(32, np.float32))
    assert report.ok
    assert report.bank_conflicts == extra


def test_a_vector_access_is_one_request_for_four_elements():
    report = _inspect(
        "reinterpret_cast<float4*>(y)[t] = reinterpret_cast<const float4*>(x)[t];",
        _floats(128),
        np.zeros(128, np.float32),
    )
    assert report.reads == {"x": 128, "y": 0}
    assert {(line.array, line.requests, line.accesses, line.sectors) for line in report.lines} == {
        ("x", 1, 32, 16),
        ("y", 1, 32, 16),
    }


def test_int8_accesses_are_counted_in_elements_and_race_by_the_byte():
    report = _inspect(
        "y[t] = x[31 - t];",
        np.arange(32, dtype=np.int8),
        np.zeros(32, np.int8),
        parameters="const char* x, char* y",
    )
    assert report.ok
    assert report.reads["x"] == report.writes["y"] == 32
    assert report.coalescing == 1


def test_lanes_that_meet_again_behind_a_branch_share_a_request():
    report = _inspect(
        "float v = 0;\nif (t % 2)\n v = x[t];\nelse\n v = x[t] + 1;\ny[t] = v;",
        _floats(32),
        np.zeros(32, np.float32),
    )
    assert {(line.line, line.requests) for line in report.lines} == {(5, 1), (7, 1), (8, 1)}


def test_atomics_are_told_apart_from_plain_accesses():
    report = _inspect("atomicAdd(y, x[t]);", _floats(32), np.zeros(1, np.float32))
    assert report.ok
    assert next(a for a in report.arrays if a.name == "y").atomics == 32
    report = _inspect("if (t == 0) y[0] = 0; else atomicAdd(y, x[t]);", _floats(32), np.zeros(1, np.float32))
    assert [finding.kind for finding in report.findings] == ["race"]


def test_device_variables_are_watched_by_name():
    source = (
        '__device__ int turn;\nextern "C" __global__ void k(int* y) '
        "{\n    turn = turn + 1;\n    y[0] = turn;\n}\n"
    )
    report = Module(source, "test.cu", "host").inspect("k", 2, 1, (np.zeros(1, np.int32),))
    assert {finding.array for finding in report.findings} == {"turn", "y"}


def test_the_results_of_an_inspected_launch_come_back():
    y = np.zeros(32, np.float32)
    _inspect("y[t] = x[t] + 1;", _floats(32), y)
    np.testing.assert_array_equal(y, np.arange(32) + 1)


@pytest.mark.parametrize(("demand", "message"), [
    ({"reads": {"x": 32}}, "x: 64 elements read, 32 demanded (lines 3, 4)"),
    ({"writes": {"y": 1}}, "y: 32 elements written, 1 demanded (line 4)"),
    ({"most_reads": {"x": 1}}, "one element of x is read 2 times, at most once allowed (lines 3, 4)"),
    ({"coalescing": 1.0}, "line 4 moves 8 sectors of y where 4 would do"),
])  # fmt: skip
def test_a_demand_that_is_not_met_says_what_was_counted_and_where(demand, message):
    report = _inspect("float v = x[t];\ny[2 * t] = v + x[31 - t];", _floats(32), np.zeros(64, np.float32))
    with pytest.raises(cuda.TrafficError) as caught:
        cuda.assert_traffic(report, **demand)
    assert message in str(caught.value)


def test_a_demand_on_an_array_that_is_not_there_is_a_mistake_of_the_exercise():
    with pytest.raises(ValueError, match=r"no global array 'z'; it has x, y"):
        cuda.assert_traffic(_inspect("y[t] = x[t];", _floats(32), np.zeros(32, np.float32)), {"z": 1})


def test_the_report_draws_source_counts_and_picture_without_script():
    html = _inspect(
        "y[t] = x[t < 31 ? t + 1 : t];  // <b>", _floats(32), np.zeros(32, np.float32)
    )._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "<script" not in html
    assert "x[1]: block 0 thread 0 (read)" in html
    assert "✓ no findings" in html


def test_the_picture_says_which_color_is_which_warp_and_fits_a_narrow_page():
    html = _inspect("y[t] = x[t];", _floats(64), np.zeros(64, np.float32), block=64)._repr_html_()
    assert "</i>warp 0</span>" in html
    assert "</i>warp 1</span>" in html
    assert "warp 2" not in html
    assert "max-width:100%" in html
    many = _inspect(
        "int i = blockIdx.x * 32 + t; y[i] = x[i];", _floats(288), np.zeros(288, np.float32), grid=9
    )._repr_html_()
    assert "9 warps: every 8th has the same color" in many


def test_what_the_picture_has_no_room_for_is_named():
    x, y = _floats(640), np.zeros(64, np.float32)
    html = _inspect("y[t] = x[10 * t];", x, y, block=64)._repr_html_()
    assert "left out, with more than 512 elements: <code>x</code> (640)" in html
    assert "<code>y</code> written" in html
    html = _inspect("for (int i = 0; i < 200; ++i) y[t] = x[t + i];", x, y)._repr_html_()
    assert "who touched what: left out, the launch has more than 4,096 accesses" in html


def test_the_text_counts_no_elements_of_shared_arrays_and_is_short_as_a_repr():
    body = "__shared__ float s[32];\ns[t] = x[t];\n__syncwarp();\ny[t] = s[31 - t];"
    report = _inspect(body, _floats(32), np.zeros(32, np.float32))
    assert "  shared s: 32 reads, 32 writes\n" in str(report)
    assert repr(report).startswith("k, grid (1, 1, 1), block (32, 1, 1): no findings; coalescing 100%")
    assert "\n" not in repr(report)


def test_a_finding_quotes_its_lines_and_a_race_across_rounds_says_so():
    loop = "for (int k = 0; k < 2; ++k) {\ns[t] = x[t];\n__syncthreads();\ny[t] += s[31 - t];\n}"
    report = _inspect(f"__shared__ float s[32];\n{loop}", _floats(32), np.zeros(32, np.float32))
    races = [str(finding) for finding in report.findings]
    assert races
    assert all("round" in race and "\n      5 | s[t] = x[t];" in race for race in races)


def test_a_barrier_in_a_branch_is_the_first_finding():
    branch = "if (t < 32) {\n__syncthreads();\n}\n__syncthreads();"
    body = f"__shared__ float s[64];\ns[t] = x[t];\n{branch}\ny[t] = s[63 - t];"
    first = _inspect(body, _floats(64), np.zeros(64, np.float32), block=64).findings[0]
    assert first.line == 6
    assert "inside the `if` of line 5" in first.message


def test_a_line_that_wastes_sectors_or_banks_stands_out():
    x = _floats(256)
    html = _inspect("y[t] = x[t];", x, np.zeros(256, np.float32), block=256)._repr_html_()
    assert 'class="costly"' not in html
    assert "bank conflicts</th>" not in html
    body = "float v = x[t];\ny[2 * t] = v;"
    html = _inspect(body, x, np.zeros(512, np.float32), block=256)._repr_html_()
    assert '<td class="costly">64 (32)</td>' in html
    body = "__shared__ float s[64];\ns[2 * t] = x[t];\n__syncwarp();\ny[t] = s[62 - 2 * t];"
    html = _inspect(body, _floats(32), np.zeros(32, np.float32))._repr_html_()
    assert html.count('<td class="costly">1</td>') == 2


def test_a_kernel_that_never_ends_is_stopped():
    module = Module('extern "C" __global__ void k(int n) { while (n) __threadfence(); }', "test.cu", "host")
    with pytest.raises(cuda.KernelError, match="did not end within 1 s"):
        module.inspect("k", 1, 1, (1,), time_limit=1)


def test_long_traces_are_read_in_pieces_without_losing_an_access():
    body = "float s = 0; for (int i = 0; i < 70000; ++i) s += x[i % 64 + t]; y[t] = s;"
    report = _inspect(body, _floats(96), np.zeros(32, np.float32))
    assert report.reads["x"] == 70_000 * 32
    (reads,) = [line for line in report.lines if line.array == "x"]
    assert reads.requests == 70_000
