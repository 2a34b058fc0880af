"""One process for all launches: what comes back, what lies in the room, and what is said when it ends."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from course_lib import cuda
from course_lib.cuda import lasting

pytestmark = pytest.mark.needs("compiler")
SOURCE = """extern "C" __global__ void scale(const float* x, float* y, float a, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i];
}
__device__ int calls;
extern "C" __global__ void count(int* out) { out[0] = ++calls; }
extern "C" __global__ void misbehave(float* x, int how) {
    if (how == 1) x[1L << 40] = 1;
    if (how == 2) how = 7 / (how - 1 - (int)blockDim.x);
    if (how == 3) while (how) __threadfence();
    if (how == 4) __trap();
    if (how == 5) printf("five\\n");
    if (how == 6) for (int i = 0; i < 3000; ++i) printf("%0100d", i);
    x[0] = how;
}
"""


@pytest.fixture(scope="module")
def module():
    return cuda.compile(SOURCE, device="host", lasting=True, time_limit=5)


def _child() -> int:
    return lasting._service._child.pid


def test_results_come_back_into_arrays_of_the_room_and_into_others(module):
    x = np.arange(1000, dtype=np.float32)
    for given, out in ((x, np.zeros(1000, np.float32)), (module.array(x), module.empty(1000)),
                       (x, module.empty(1000)), (module.array(x), np.zeros(1000, np.float32))):  # fmt: skip
        module["scale"](4, 256, (given, out, 2, 1000))
        np.testing.assert_array_equal(out, 2 * x)


def test_all_launches_of_all_modules_are_of_one_process(module):
    other = cuda.compile(SOURCE.replace("a * x[i]", "a + x[i]"), device="host", lasting=True)
    x, y = module.array(np.arange(8, dtype=np.float32)), module.empty(8)
    children = set()
    for _ in range(5):
        module["scale"](1, 8, (x, x, 2, 8))
        children.add(_child())
        other["scale"](1, 8, (x, y, 3, 8))
        children.add(_child())
    assert len(children) == 1
    np.testing.assert_array_equal(y, 32 * np.arange(8) + 3)


def test_views_are_the_same_memory(module):
    x = module.array(np.arange(12, dtype=np.float32).reshape(3, 4))
    module["scale"](1, 4, (x[1], x[2], 10, 4))
    assert x[2].tolist() == [40, 50, 60, 70]
    module["scale"](1, 4, (x.reshape(-1)[:4], x.reshape(2, 6)[1, 2:], 10, 4))
    assert x.tolist()[2] == [0, 10, 20, 30]
    assert module.array(x) is x
    assert module.array(x.T) is not x


def test_device_variables_keep_their_values_from_launch_to_launch(module):
    out = module.empty(1, np.int32)
    module["count"](1, 1, (out,))
    before = int(out[0])
    module["count"](1, 1, (out,))
    assert out[0] == before + 1


def _works(module) -> bool:
    x, y = module.array(np.arange(8, dtype=np.float32)), module.empty(8)
    module["scale"](1, 8, (x, y, 2, 8))
    return y.tolist() == [2 * i for i in range(8)]


@pytest.mark.parametrize(("how", "words"), [
    (1, "kernel misbehave touched memory outside of every array"),
    (2, "kernel misbehave divided an integer by zero"),
    (4, "line 11: trap: __trap()"),
])  # fmt: skip
@pytest.mark.parametrize("place", ["room", "elsewhere"])
def test_a_kernel_that_fails_is_told_as_ever_and_the_next_launch_works(module, how, words, place):
    x = module.empty(4) if place == "room" else np.zeros(4, np.float32)
    x[:] = 3
    with pytest.raises(cuda.KernelError) as lasting_one:
        module["misbehave"](1, 1, (x, how))
    assert words in str(lasting_one.value)
    with pytest.raises(cuda.KernelError) as one_of_its_own:
        cuda.compile(SOURCE, device="host")["misbehave"](1, 1, (x, how))
    assert str(lasting_one.value) == str(one_of_its_own.value)
    assert x.tolist() == [3] * 4
    assert _works(module)


def test_an_endless_loop_is_stopped_and_the_next_launch_works():
    module, x = cuda.compile(SOURCE, device="host", lasting=True, time_limit=0.5), np.zeros(4, np.float32)
    started = time.monotonic()
    with pytest.raises(cuda.NotEnded, match=r"did not end within 0.5 s and was stopped: the loop in line 10"):
        module["misbehave"](1, 1, (x, 3))
    assert time.monotonic() - started < 20
    assert _works(module)


@pytest.fixture(params=[signal.SIG_IGN, signal.SIG_DFL], ids=["Python's SIGPIPE", "the grader's SIGPIPE"])
def sigpipe(request):
    before = signal.signal(signal.SIGPIPE, request.param)
    yield
    signal.signal(signal.SIGPIPE, before)


@pytest.mark.usefixtures("sigpipe")
def test_a_process_killed_between_launches_is_told_and_the_next_launch_works(module):
    assert _works(module)
    x = module.array(np.ones(8, np.float32))
    os.kill(_child(), signal.SIGKILL)
    lasting._service._child.wait()
    with pytest.raises(cuda.KernelError, match=r"^kernel scale was ended by signal 9$"):
        module["scale"](1, 8, (x, x, 2, 8))
    module["scale"](1, 8, (x, x, 3, 8))
    assert x.tolist() == [3] * 8


def test_a_process_killed_during_a_launch_is_told_and_the_next_launch_works(module):
    assert _works(module)
    threading.Timer(0.3, os.kill, (_child(), signal.SIGKILL)).start()
    with pytest.raises(cuda.KernelError, match=r"^kernel misbehave was ended by signal 9$"):
        module["misbehave"](1, 1, (module.empty(1), 3))
    assert _works(module)


def test_what_kernels_print_comes_whole(module, capsys):
    x = module.empty(1)
    module["misbehave"](1, 1, (x, 5))
    assert capsys.readouterr().out == "five\n"
    module["misbehave"](1, 1, (x, 6))
    assert capsys.readouterr().out == "".join(f"{i:0100d}" for i in range(3000))


def test_an_answer_longer_than_any_kernel_may_give_is_not_waited_for(module, monkeypatch):
    monkeypatch.setattr("course_lib.cuda.runner.MOST_TOLD", 100)
    with pytest.raises(cuda.KernelError, match="answered what it could not know"):
        module["misbehave"](1, 1, (module.empty(1), 6))
    assert _works(module)


@pytest.mark.parametrize("count", [500, 501])
def test_a_kernel_has_at_most_500_parameters_and_a_launch_as_many_arguments(count):
    names = [f"x{i}" for i in range(count - 1)]
    parameters, total = ", ".join(f"short {x}" for x in names), " + ".join(names)
    source = f'extern "C" __global__ void k(double* y, {parameters}) {{ *y = {total}; }}'
    if count > 500:
        with pytest.raises(cuda.CompileError, match="kernel k has 501 parameters; at most 500 are allowed"):
            cuda.compile(source, device="host", lasting=True)
        return
    module = cuda.compile(source, device="host", lasting=True)
    y = module.empty(1, np.float64)
    module["k"](1, 1, (y, *range(-1, -count, -1)))
    assert y[0] == -sum(range(count))


SCALARS = """extern "C" __global__ void k(double* out, bool a, char b, unsigned char c, short d,
    unsigned short e, int f, unsigned g, long h, unsigned long long i, half j, float k, double l) {
    double all[] = {(double)a, (double)b, (double)c, (double)d, (double)e, (double)f, (double)g, (double)h,
                    (double)i, (double)__half2float(j), k, l};
    for (int n = 0; n < 12; ++n) out[n] = all[n];
}
"""


@pytest.mark.parametrize("make", [
    lambda: cuda.compile(SCALARS, device="host", lasting=True), lambda: cuda.compile(SCALARS, device="host"),
    lambda: cuda.Module(SCALARS, "scalars.cu", device="host"),
], ids=["lasting", "apart", "here"])  # fmt: skip
def test_every_type_of_number_arrives_as_it_is(make):
    numbers = [True, -7, 200, -30_000, 60_000, -(2**31), 2**32 - 1, -(2**40), 2**50, 0.5, 1.25, 1 / 3]
    out = np.zeros(12)
    make()["k"](1, 1, (out, *numbers))
    assert out.tolist() == [float(number) for number in numbers]
