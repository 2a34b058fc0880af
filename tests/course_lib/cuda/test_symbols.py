"""A kernel reaches nothing of the host: what it leaves to other libraries is read from what was compiled."""

import pytest

from course_lib import cuda
from course_lib.cuda.build import build
from course_lib.cuda.compiler import compilers
from course_lib.paths import ROOT

pytestmark = pytest.mark.needs("compiler")
DECLARED = {
    "a kernel that is the C library's function": 'extern "C" __global__ int system(const char* command);',
    "one that returns nothing": 'extern "C" __global__ void exit(int status);',
    "a device function": """
        extern "C" __device__ int system(const char* command);
        extern "C" __global__ void k(int* x) { x[0] = system("true"); }
    """,
    "the runtime's own, pasted together": """
        #define PASTE(a, b) a##b
        extern "C" __device__ void PASTE(__cou, rse_inspect_end)();
        extern "C" __global__ void k(int* x) { PASTE(__cou, rse_inspect_end)(); x[0] = 1; }
    """,
    "a builtin that becomes a call": """
        extern "C" __global__ void k(int* x) { x[0] = __builtin_printf("x"); }
    """,
    "an address that is only taken": """
        extern "C" __device__ int puts(const char*);
        extern "C" __global__ void k(long long* x) { x[0] = (long long)&puts; }
    """,
    "memory of the host": """
        extern "C" __device__ char** environ;
        extern "C" __global__ void k(long long* x) { x[0] = (long long)environ; }
    """,
    "a function of C++": """
        namespace std { __device__ void terminate(); }
        extern "C" __global__ void k(int* x) { std::terminate(); x[0] = 1; }
    """,
}


@pytest.mark.parametrize("source", DECLARED.values(), ids=DECLARED)
@pytest.mark.parametrize("compiler", compilers(), ids=lambda compiler: compiler.command[0])
@pytest.mark.parametrize("inspected", [False, True])
def test_what_would_call_the_host_is_refused(source, compiler, inspected):
    with pytest.raises(cuda.CompileError):
        build(source, "kernel.cu", compiler, inspected)


TAKEN = {
    "what the report is written with": 'extern "C" __global__ void fprintf(int* file) { file[0] = 1; }',
    "what ends the report": 'extern "C" __global__ void fclose(int* file) { file[0] = 1; }',
    "a constructor": """
        __device__ int* anywhere; struct S { __device__ S() { anywhere[7] = 1; } }; __device__ S s;
        extern "C" __global__ void k(int* x) { x[0] = 1; }
    """,
    "a function that runs early": """
        __attribute__((constructor)) __device__ void f() { *(volatile int*)64 = 1; }
        extern "C" __global__ void k(int* x) { x[0] = 1; }
    """,
    "a pointer to a function that runs early": """
        __attribute__((section(".init_array"), used)) __device__ unsigned long f = 1;
        extern "C" __global__ void k(int* x) { x[0] = 1; }
    """,
}


@pytest.mark.parametrize("source", TAKEN.values(), ids=TAKEN)
@pytest.mark.parametrize("compiler", compilers(), ids=lambda compiler: compiler.command[0])
def test_nothing_takes_the_place_of_the_hosts_functions_or_runs_before_a_launch(source, compiler):
    with pytest.raises(cuda.CompileError, match=r"belongs to the host|when the file is loaded"):
        build(source, "kernel.cu", compiler, inspected=True)


def test_the_line_and_the_name_are_told():
    source = (
        '\nextern "C" __device__ int getpid();\nextern "C" __global__ void k(int* x) { x[0] = getpid(); }'
    )
    with pytest.raises(cuda.CompileError, match=r"line 2: getpid is no function of device code") as found:
        build(source, "kernel.cu", compilers()[0])
    assert found.value.problems[0][0] == 2


@pytest.mark.parametrize("kernel", sorted((ROOT / "kernels").glob("*.cu")), ids=lambda path: path.stem)
def test_the_courses_own_kernels_need_nothing_of_the_host(kernel):
    for compiler in compilers():
        for inspected in (False, True):
            assert build(kernel.read_text(), kernel.name, compiler, inspected).exists()


def test_every_function_of_mathematics_links():
    names = [
        "erff", "erfcf", "expm1f", "lgammaf", "tgammaf", "cbrtf", "hypotf", "atan2f", "fmodf", "remainderf",
        "nextafterf", "log1pf", "sinhf", "acoshf", "exp10f", "rintf", "truncf", "powf", "erf", "pow", "exp10",
    ]  # fmt: skip
    two = {"hypotf", "atan2f", "fmodf", "remainderf", "nextafterf", "powf", "pow"}
    calls = "\n".join(f"x[{i}] = {n}({'x[0], x[1]' if n in two else 'x[0]'});" for i, n in enumerate(names))
    source = 'extern "C" __global__ void k(float* x) { ' + calls + " }"
    for compiler in compilers():
        build(source, "kernel.cu", compiler)
