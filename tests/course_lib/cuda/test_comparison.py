"""`compare` puts what several launches cost and what was found in them into one table."""

import numpy as np
import pytest

from course_lib import cuda

pytestmark = pytest.mark.needs("compiler")
SOURCE = """
extern "C" __global__ void once(const float* x, float* out) {
    out[threadIdx.x] = x[threadIdx.x];
}

extern "C" __global__ void twice(const float* x, float* out) {
    for (int i = 0; i < 2; ++i) out[(threadIdx.x + i) % 32] = x[threadIdx.x];
}

extern "C" __global__ void counted(const float* x, int* out) {
    __shared__ int sum;
    if (threadIdx.x == 0) sum = 0;
    __syncthreads();
    atomicAdd(&sum, (int)x[threadIdx.x]);
    __syncthreads();
    if (threadIdx.x == 0) atomicAdd(out, sum);
}
"""


@pytest.fixture(scope="module")
def comparison():
    module = cuda.compile(SOURCE, device="host")
    reports = {}
    for name in module.names:
        out = np.zeros(32, np.int32 if name == "counted" else np.float32)
        reports[name] = module.inspect(name, 1, 32, (np.ones(32, np.float32), out))
    return cuda.compare(reports)


def test_each_launch_has_its_counts_and_what_none_of_them_did_is_left_out(comparison):
    counts = comparison.counts
    assert counts["elements written"] == [32, 64, 1]
    assert counts["atomic updates of global memory"] == [0, 0, 1]
    assert counts["accesses to shared memory"][:2] == [0, 0]
    assert counts["accesses to shared memory"][2] > 32
    assert "bank conflicts" not in counts


def test_findings_are_told_in_a_few_words(comparison):
    assert comparison.findings == ["none", "a race in line 7", "none"]


def test_text_and_html_tell_the_same_and_mark_what_costs_more(comparison):
    text, html = str(comparison), comparison._repr_html_()
    for name, numbers in comparison.counts.items():
        assert name in text
        assert name in html
        assert all(f"{n:,}" in text and f">{n:,}</td>" in html for n in numbers)
    assert "a race in line 7" in text
    assert ">a race in line 7</td>" in html
    reading = '<tr><td class="text">elements read</td><td>32</td><td class="costly">64</td><td>32</td></tr>'
    assert reading in html
    assert html.count('<td class="costly">32</td>') == 1  # elements written, of which the third writes one
    assert '<td class="text">atomic updates of global memory</td><td>0</td><td>0</td><td>1</td>' in html
    assert repr(comparison) == text


def test_nothing_to_compare_is_refused():
    with pytest.raises(ValueError, match="at least one report"):
        cuda.compare({})
