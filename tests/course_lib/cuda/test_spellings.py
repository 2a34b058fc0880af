"""Spellings of parameters, kernels, shared arrays and literals, held to NVIDIA's own compiler.

What is taken is taken by NVRTC and by the host, plain and inspected, and the host's value is right. What is
refused is refused by its true name, and the table says whether NVRTC takes it.
"""

import re

import numpy as np
import pytest

from course_lib import cuda
from course_lib.cuda import nvrtc
from course_lib.cuda.compiler import compilers, preferred
from course_lib.cuda.module import Module
from course_lib.cuda.rules import check_rules
from course_lib.cuda.signature import kernels
from tests.course_lib.cuda.spellings import (
    BEFORE,
    FILL,
    INPUTS,
    KERNELS,
    LITERALS,
    OUTPUTS,
    POINTED,
    REFUSED_BEFORE,
    REFUSED_PARAMETERS,
    REFUSED_SOURCES,
    SHARED,
    SHARED_BEFORE,
    WIDE,
)

ARCHITECTURE = (80,)
SPELLINGS = [OUTPUTS, INPUTS, POINTED, WIDE, KERNELS, SHARED, LITERALS, REFUSED_PARAMETERS, REFUSED_SOURCES]

needs_both = pytest.mark.needs("nvrtc", "compiler")
EVERY = pytest.mark.parametrize(
    "compiler",
    [pytest.param(c, marks=[] if c == preferred() else pytest.mark.slow) for c in compilers()],
    ids=lambda c: c.name,
)


def _taken(source: str, compiler) -> Module:
    """The module, after NVRTC, the rules for students and the inspected build have all taken the source."""
    check_rules(source)
    nvrtc.check(source, "spellings.cu", ARCHITECTURE, optimized=False)
    module = Module(source, "spellings.cu", "host", compiler=compiler)
    cuda.module.build(source, "spellings.cu", compiler, inspected=True)
    return module


def _kernels(spellings, body: str) -> str:
    lines = [f'extern "C" __global__ void k{i}({s}) {{ {body} }}' for i, s in enumerate(spellings)]
    return "\n".join([BEFORE, *lines, ""])


def test_the_table_has_at_least_150_spellings_each_once():
    flat = [repr(row) for table in SPELLINGS for row in table]
    assert len(flat) == len(set(flat)) >= 150


@needs_both
@EVERY
def test_what_a_kernel_writes_through_comes_back_however_it_is_declared(compiler):
    module = _taken(_kernels(OUTPUTS, FILL), compiler)
    for i, spelling in enumerate(OUTPUTS):
        x = np.zeros(4, np.float32)
        module[f"k{i}"](1, 4, (x,))
        assert x.tolist() == [1, 2, 3, 4], spelling


@needs_both
@EVERY
def test_every_spelling_of_a_number_has_its_own_width_and_sign(compiler):
    source = _kernels([f"double* y, {s}" for s, _, _ in INPUTS], "y[0] = v; y[1] = sizeof(v);")
    module = _taken(source, compiler)
    for i, (spelling, value, dtype) in enumerate(INPUTS):
        y = np.zeros(2)
        module[f"k{i}"](1, 1, (y, value))
        assert (y[0], y[1]) == (float(dtype(value)), np.dtype(dtype).itemsize), spelling
        assert kernels(source)[f"k{i}"].parameters[1].dtype == np.dtype(dtype).name, spelling


@needs_both
@EVERY
def test_every_spelling_of_a_pointer_takes_its_own_dtype(compiler):
    source = _kernels([f"{s}, double* y" for s, _ in POINTED], "y[0] = (float)v[0]; y[1] = sizeof(v[0]);")
    module = _taken(source, compiler)
    for i, (spelling, dtype) in enumerate(POINTED):
        y = np.zeros(2)
        module[f"k{i}"](1, 1, (np.ones(2, dtype), y))
        assert y.tolist() == [1, np.dtype(dtype).itemsize], spelling
        written = not re.search(r"const(?!.*\*.*const)|CONST|constant", spelling.split("*")[0])
        assert kernels(source)[f"k{i}"].parameters[0].constant is not written, spelling


@needs_both
@EVERY
def test_pointers_to_vectors_and_rows_reach_the_same_element(compiler):
    lines = [
        f'extern "C" __global__ void k{i}({s}, double* y) {{ y[0] = (float)({e}); }}'
        for i, (s, e, _) in enumerate(WIDE)
    ]
    module = _taken("\n".join([BEFORE, *lines]), compiler)
    for i, (spelling, _, dtype) in enumerate(WIDE):
        y = np.zeros(1)
        module[f"k{i}"](1, 1, (np.arange(12).astype(dtype), y))
        assert y[0] == 5, spelling


@needs_both
@EVERY
def test_a_kernel_is_found_however_it_is_declared(compiler):
    sources = [s.replace("NAME", f"k{i}").replace("FILL", FILL) for i, s in enumerate(KERNELS)]
    defined = re.findall(r"#define (\w+)", "\n".join(sources))
    module = _taken("\n".join([*sources, *(f"#undef {name}" for name in defined)]), compiler)
    assert len(module.names) == len(KERNELS)
    for name, spelling in zip(module.names, KERNELS, strict=True):
        x = np.zeros(4, np.float32)
        module[name](1, 4, (x, *((1, x) if "int, const" in spelling else ())))
        assert x.tolist() == [1, 2, 3, 4], spelling


@needs_both
@EVERY
@pytest.mark.parametrize(("head", "call"), [("", ""), ("template <int, class T> ", "<1, float>")])
def test_shared_memory_is_watched_however_it_is_declared(compiler, head, call):
    named = [[re.sub(r"\bs\b", f"s{i}", text) for text in row] for i, row in enumerate(SHARED)]
    functions = "".join(
        f"{head}__device__ void f{i}(float* x) {{ int t = threadIdx.x;\n{declared}\n{cell} = t + 1; "
        f"__syncthreads(); int other = t ^ 3; {{ int t = other; x[threadIdx.x] = {cell}; }} }}\n"
        for i, (declared, cell) in enumerate(named)
    )
    calls = " ".join(f"case {i}: f{i}{call}(x + 4 * {i}); break;" for i in range(len(SHARED)))
    kernel = f'extern "C" __global__ void k(float* x) {{ switch (blockIdx.x) {{ {calls} }} }}'
    source = f"{SHARED_BEFORE}{functions}{kernel}"
    module = _taken(source, compiler)
    plain, watched = np.zeros((2, len(SHARED), 4), np.float32)
    module["k"](len(SHARED), 4, (plain,), 64)
    report = module.inspect("k", len(SHARED), 4, (watched,), 64)
    assert report.ok, str(report)
    for i, (spelling, _) in enumerate(SHARED):
        assert plain[i].tolist() == watched[i].tolist() == [4, 3, 2, 1], spelling


@needs_both
@EVERY
def test_literals_and_constants_have_their_values(compiler):
    lines = "\n".join(f"y[{i}] = (double)({text});" for i, (text, _) in enumerate(LITERALS))
    module = _taken(f'extern "C" __global__ void k(double* y, int t0) {{\n{lines}\n}}', compiler)
    y = np.zeros(len(LITERALS))
    module["k"](1, 1, (y, 0))
    for (text, value), got in zip(LITERALS, y, strict=True):
        assert got == value or (np.isnan(got) and np.isnan(value)), text


@pytest.mark.parametrize(("spelling", "message", "by_nvrtc"), REFUSED_PARAMETERS)
def test_a_parameter_that_is_not_taken_is_named_for_what_it_is(spelling, message, by_nvrtc):
    source = f'{REFUSED_BEFORE}extern "C" __global__ void k({spelling}) {{}}'
    with pytest.raises(cuda.CompileError) as caught:
        kernels(source)
    assert message in str(caught.value)
    assert [line for line, _ in caught.value.problems] == [5]


@pytest.mark.needs("compiler")
@pytest.mark.parametrize(("source", "message", "by_nvrtc"), REFUSED_SOURCES)
def test_what_is_not_taken_is_named_for_what_it_is(source, message, by_nvrtc):
    with pytest.raises(cuda.CompileError) as caught:
        cuda.compile(source, device="host")
    assert message in str(caught.value)
    assert caught.value.problems[0][0] in (1, 2)


@pytest.mark.slow
@pytest.mark.needs("nvrtc")
def test_what_is_refused_is_refused_for_reasons_of_our_own_only_where_the_table_says_so():
    sources = [
        (f'{REFUSED_BEFORE}extern "C" __global__ void k({s}) {{}}', ours) for s, _, ours in REFUSED_PARAMETERS
    ]
    for source, by_nvrtc in [*sources, *((s, ours) for s, _, ours in REFUSED_SOURCES)]:
        try:
            nvrtc.check(source, "refused.cu", ARCHITECTURE, optimized=False)
            taken = True
        except cuda.CompileError:
            taken = False
        assert taken == by_nvrtc, source


WORDS = [
    "float", "double", "int", "unsigned int", "long long", "long unsigned long int", "short int signed",
    "char", "unsigned char", "bool", "size_t", "uint32_t", "real", "alias_of_alias", "float4", "__half",
    "REAL", "pointer", "whole_row", "constant_row", "UNSIGNED long",
]  # fmt: skip
GAPS = [" ", "\n", " /* between */ ", " // behind\n", " \\\n "]


def _declared(random: np.random.Generator) -> str:
    """A parameter with its words in any order, const and volatile among them, and any declarator."""
    text = random.choice(WORDS)
    words = random.permutation(text.split()).tolist() if "UNSIGNED" not in text else text.split()
    for qualifier in ("const", "volatile"):
        if random.random() < 0.4:
            words.insert(random.integers(len(words) + 1), qualifier)
    stars = ["*", "* const", "* volatile __restrict__", "*__restrict__ const"]
    around = ["{} x", "{}", "{} x [[maybe_unused]]"]
    arrays = ["x[]", "x[3]", "(*x)[2]", "x[][N]", "(x)", "(*const x)[2][N]", "((x))[4]", "(*(x))"]
    is_array = any(word in ("pointer", "whole_row", "constant_row") for word in words)
    if is_array:
        declarator = random.choice(around).format("")
    elif random.random() < 0.5 or "float4" in words:
        declarator = random.choice(around).format(random.choice(stars))
    else:
        declarator = random.choice(arrays)
    return random.choice(GAPS).join([*words, declarator])


def _taken_by_nvrtc(spellings: list[str]) -> list[str]:
    """Those left when NVRTC finds nothing wrong with a file of them: it names the lines of all others."""
    while True:
        lines = [f'#line {100 * i}\nextern "C" __global__ void k{i}({spelling}, int n) {{}}'
                 for i, spelling in enumerate(spellings, 1)]  # fmt: skip
        source = "\n".join([BEFORE, "#define N 4", *lines, ""])
        try:
            nvrtc.check(source, "k.cu", ARCHITECTURE, optimized=False)
            return spellings
        except cuda.CompileError as error:
            refused = {line // 100 for line, _ in error.problems}
            assert refused
            spellings = [spelling for i, spelling in enumerate(spellings, 1) if i not in refused]


@pytest.mark.slow
@needs_both
def test_any_declaration_that_nvrtc_takes_is_read_as_the_compilers_read_it():
    random = np.random.default_rng(20260131)
    taken = _taken_by_nvrtc([_declared(random) for _ in range(200)])
    assert len(taken) > 100
    source = "#define N 4\n" + _kernels([f"{spelling}, int n" for spelling in taken], "")
    check_rules(source)
    for compiler in compilers():
        cuda.module.build(source, "spellings.cu", compiler)
