"""A compile error stands on the student's own line, with the place underlined, on every compiler."""

import pytest

from course_lib import cuda
from course_lib.cuda import nvrtc
from course_lib.cuda.compiler import compilers
from course_lib.cuda.module import KERNELS, Module

SOURCE = (
    'extern "C" __global__ void k(float* x, int n) {\n    __shared__ float a[4], b;\n    x[0] = missing;\n}\n'
)


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("name", ["g++", pytest.param("clang++", marks=pytest.mark.needs("clang"))])
def test_the_students_line_is_named_and_underlined(name):
    compiler = next(c for c in compilers() if c.name == name)
    with pytest.raises(cuda.CompileError) as caught:
        Module(SOURCE, "kernel.cu", "host", compiler=compiler)
    assert {line for line, _ in caught.value.problems} == {3}
    text = str(caught.value).splitlines()
    assert "kernel.cu, line 3" in text[0]
    assert text[1].index("missing") == text[2].index("^")


@pytest.mark.needs("compiler")
@pytest.mark.parametrize(("source", "message"), [
    ("__global__ void k(float* x) {}", 'write extern "C" before __global__'),
    ("__device__ void f() {}", "defines no kernel"),
    ('extern "C" __global__ void k(Thing t) {}', "has type Thing, which is not known here"),
    ('\nextern "C" __global__ void k(int n) { if (n) {\n}\n', "line 2: kernel k: a { is never closed"),
    ('extern "C" __global__ void k(float** x) {}', "is a pointer to pointers"),
    ('extern "C" __global__ void k(float* x) { __shared__ float a[2] = {0}; }', "cannot be initialized"),
    ('extern "C" __global__ void k(float* x) { __shared__ float a[20000]; }', "line 1: .*at most 48 KB"),
    ('extern "C" __global__ void k(float* x) {\n__shared__ float a[8000];\n__shared__ float b[8000], c;\n}',
     "line 3: .*at most 48 KB"),
    ('__shared__ float a[2];\nextern "C" __global__ void k(float* x) {}', "line 1: .*inside"),
    ('extern "C" __global__ void k(float* x) { std::size_t a; }', "no C\\+\\+ standard library"),
])  # fmt: skip
def test_what_cuda_would_refuse_is_refused_in_words(source, message):
    with pytest.raises(cuda.CompileError, match=message):
        Module(source, "kernel.cu", "host")


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("name", ["g++", pytest.param("clang++", marks=pytest.mark.needs("clang"))])
def test_slips_of_beginners_are_refused_with_what_to_write(name):
    compiler = next(c for c in compilers() if c.name == name)
    for line, message in (
        ("x[0] = sqrt(n);", r"write sqrtf\(\(float\)\.\.\.\)"),
        ("int i = blockIdx.x * 32 + threadIdx;", r"have parts: write \.x"),
        ("if (threadIdx < n) x[0] = 1;", r"have parts: write \.x"),
    ):
        source = f'extern "C" __global__ void k(float* x, int n) {{ {line} }}'
        with pytest.raises(cuda.CompileError, match=message):
            Module(source, "kernel.cu", "host", compiler=compiler)


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("name", ["g++", pytest.param("clang++", marks=pytest.mark.needs("clang"))])
def test_local_arrays_larger_than_a_threads_stack_are_refused_not_overrun(name):
    source = (
        'extern "C" __global__ void k(float* x, int n) {\n    volatile float big[20000];\n'
        "    for (int i = 0; i < 20000; ++i) big[i] = i;\n    x[0] = big[n];\n}\n"
    )
    compiler = next(c for c in compilers() if c.name == name)
    with pytest.raises(cuda.CompileError, match=r"a thread's local arrays take .* room for 57,344") as caught:
        Module(source, "kernel.cu", "host", compiler=compiler)
    assert len(caught.value.problems) == 1
    Module(source.replace("20000", "13000"), "kernel.cu", "host", compiler=compiler)


@pytest.mark.needs("compiler")
def test_two_kernels_have_48_kb_of_shared_memory_each():
    kernel = (
        'extern "C" __global__ void {}(float* x) {{ __shared__ float a[8000]; a[0] = 1; x[0] = a[0]; }}\n'
    )
    assert Module(kernel.format("j") + kernel.format("k"), "kernel.cu", "host").names == ["j", "k"]


@pytest.mark.needs("compiler")
def test_line_numbers_survive_a_shared_declaration_over_several_lines():
    source = (
        'extern "C" __global__ void k(float* x) '
        "{\n    __shared__ float\n        a[4],\n        b;\n    x[0] = oops;\n}\n"
    )
    with pytest.raises(cuda.CompileError) as caught:
        Module(source, "kernel.cu", "host")
    assert caught.value.problems[0][0] == 5


@pytest.mark.needs("nvrtc")
@pytest.mark.parametrize("path", sorted(KERNELS.glob("*.cu")), ids=lambda p: p.stem)
def test_nvidias_compiler_takes_every_kernel_without_a_spill(path):
    resources = nvrtc.check(path.read_text(), path.name, (80,))
    assert not [r for r in resources if r.spilled]
    assert max(r.shared for r in resources) <= 48 * 1024


@pytest.mark.slow
@pytest.mark.needs("nvrtc")
@pytest.mark.parametrize("path", sorted(KERNELS.glob("*.cu")), ids=lambda p: p.stem)
def test_nvidias_compiler_takes_every_kernel_on_every_architecture(path):
    taken = nvrtc.check(path.read_text(), path.name, optimized=False)
    assert {r.architecture for r in taken} == set(nvrtc.architectures())


# What the front end refuses, what the assembler refuses everywhere, and what it refuses on older GPUs.
@pytest.mark.needs("nvrtc")
@pytest.mark.parametrize(("body", "refused"), [
    ("x[0] = missing;", {75, 90}),
    ("__shared__ float a[20000]; a[threadIdx.x] = x[0]; x[1] = a[1];", {75, 90}),
    ("x[0] = __reduce_add_sync(0xffffffffu, threadIdx.x);", {75}),
    ('asm volatile("cp.async.wait_all;");', {75}),
    ("x[0] = 1;", set()),
])  # fmt: skip
def test_nvidias_compiler_refuses_the_same_where_it_does_not_optimize(body, refused):
    source = f'extern "C" __global__ void k(float* x) {{ {body} }}\n'
    for architecture in (75, 90):
        said = []
        for optimized in (True, False):
            try:
                nvrtc.check(source, "kernel.cu", (architecture,), optimized)
            except cuda.CompileError as error:
                said.append(error.problems)
        assert len(said) == 2 * (architecture in refused)
        assert not said or said[0] == said[1]


@pytest.mark.needs("nvrtc")
def test_host_only_code_is_refused_by_nvidias_compiler_with_its_line():
    source = (
        'extern "C" __global__ void k(float* x) {\n    x[0] = __builtin_inff();\n    thread_local int a;\n}\n'
    )
    with pytest.raises(cuda.CompileError) as caught:
        nvrtc.check(source, architectures_wanted=(75,))
    assert caught.value.problems
    assert {line for line, _ in caught.value.problems} <= {2, 3}


@pytest.mark.needs("nvrtc")
def test_nvidias_compilers_errors_stand_on_the_students_lines_with_the_place_underlined():
    with pytest.raises(cuda.CompileError) as caught:
        nvrtc.check(SOURCE, "kernel.cu", architectures_wanted=(75,))
    assert [line for line, _ in caught.value.problems] == [3]
    first, text, underline = str(caught.value).splitlines()
    assert first == 'kernel.cu, line 3: identifier "missing" is undefined (NVRTC, sm_75)'
    assert text.index("missing") == underline.index("^")
