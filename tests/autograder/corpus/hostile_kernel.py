"""Kernel strings that reach for the compiler, the host or the other arrays."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import EITHER, LOST, Case, fair

SCALE_LOST = fair(scale=LOST)
BODY = "    int i = blockIdx.x * blockDim.x + threadIdx.x;\n    if (i < n) x[i] *= factor;\n"


def kernel(name: str, about: str, before: str = "", body: str = BODY, points=SCALE_LOST) -> Case:
    """`before` stands above the kernel, `body` in it."""
    source = f'%%cuda scale\n{before}\nextern "C" __global__ void scale(float* x, float factor, int n) {{\n{body}}}'
    return Case(name, about, points, scale=source)


def string(name: str, about: str, source: str) -> Case:
    """`source` is Python that sets the variable the tests read."""
    return Case(name, about, SCALE_LOST, scale=source)


TOUCH = 'system("touch @HOME@/new_file; cat @COURSE@/gradebook.db")'
CASES = [
    kernel("include_header", "a header with the host's functions", "#include <cstdlib>", f"    {TOUCH};\n" + BODY),
    kernel("include_secret", "a file of the instructor's, included to be seen in error messages",
           '#include "@COURSE@/notebooks/q00_corpus/corpus.ipynb"'),
    kernel("include_environment", "the environment of the compiler", '#include "/proc/self/environ"'),
    kernel("include_by_digraph", "the same, spelled with digraphs and a spliced line",
           '%:include "/proc/self/environ"\n#inc\\\nlude "@COURSE@/gradebook.db"'),
    kernel("declared_system", "system() declared by hand", 'extern "C" int system(const char*);',
           f"    {TOUCH};\n" + BODY),
    kernel("static_constructor", "code that runs when the library is loaded",
           f'extern "C" int system(const char*);\nstatic int loaded = {TOUCH};'),
    kernel("constructor_attribute", "a function that runs before all others",
           f'extern "C" int system(const char*);\n__attribute__((constructor)) static void first() {{ {TOUCH}; }}'),
    kernel("assembler", "machine code that ends the process", "", '    asm("mov $60, %rax; syscall");\n' + BODY),
    kernel("assembler_includes", "the assembler's own way to read a file",
           'asm(".incbin \\"@COURSE@/gradebook.db\\"");'),
    kernel("pasted_words", "forbidden words pasted together by macros",
           "#define PASTE(a, b) a##b\n", '    PASTE(a, sm)("hlt");\n' + BODY),
    kernel("raw_string", "a raw string that hides what follows", 'const char* s = R"x(", asm("hlt"), "\n)x";'),
    kernel("pragma", "pragmas that speak to the compiler", '#pragma GCC poison factor\n_Pragma("GCC optimize 0")'),
    kernel("endless", "a kernel that never ends", "", "    while (factor != 0.5e-9f) x[0] += 0;\n"),
    kernel("endless_barrier", "a barrier that one thread never reaches", "",
           "    if (threadIdx.x) __syncthreads(); else while (factor > -1e9f) x[0] += 0;\n"),
    kernel("crash_in_kernel", "a write to no address", "", "    *(volatile int*)0 = 1;\n"),
    kernel("writes_everywhere", "writes far beyond the array, where the expected values might lie", "",
           "    for (long i = -1000000; i < 1000000; ++i) x[i] = 3;\n"),
    kernel("deep_recursion", "a device function without an end",
           "__device__ int f(int n) { return f(n + 1) + n; }", "    x[0] = f(1);\n"),
    kernel("printed_flood_in_kernel", "a thread that prints without an end", "",
           '    for (long i = 0; i < 1000000000; ++i) printf("x%ld\\n", i);\n' + BODY),
    kernel("compile_bomb", "templates that keep the compiler busy for ever",
           "template <int N> struct F { static const int v = F<N - 1>::v + F<N - 2>::v + F<N * 2 % 8191>::v; };\n"
           "__device__ int bomb = F<8000>::v;"),
    kernel("macro_bomb", "macros that grow without bound",
           "\n".join(["#define A0 x x x x x x x x x x", *(f"#define A{i + 1}" + f" A{i}" * 10 for i in range(12)),
                      "__device__ const char* bomb = \"\" A12;"])),
    kernel("huge_array", "a global array of a terabyte", "__device__ char huge[1L << 40] = {1};"),
    kernel("huge_object", "an initialized array that fills the disk", "__device__ char huge[1 << 30] = {1};",
           points=fair(scale=EITHER)),
    kernel("visible_only", "a kernel that knows the visible factors and nothing else", "",
           "    int i = threadIdx.x + blockIdx.x * blockDim.x;\n"
           "    if (i < n && (factor == 3.0f || factor == 0.5f)) x[i] *= factor;\n", points=fair(scale=(1, 0))),
    kernel("inputs_printed_by_kernel", "a right kernel that prints what it is given", "",
           '    if (threadIdx.x < n) printf("%f %f\\n", x[threadIdx.x], factor);\n' + BODY, points=fair()),
    string("not_a_string", "a bytes object and a path in the source's place", "scale = b'/etc/passwd'"),
    string("lying_string", "a string subclass that is another string each time", """\
class Lying(str):
    def __str__(self): return "int main() { return 0; }"
    __eq__ = lambda self, other: True
    __hash__ = str.__hash__
    encode = lambda self, *_: b"@COURSE@"

scale = Lying("no kernel")"""),
    string("megabytes_of_source", "a source of sixty-four megabytes", "scale = '// ' + 'x' * 2**26"),
    string("nested_source", "a hundred thousand brackets", "scale = '(' * 100_000"),
    string("compiler_patched", "course_lib.cuda is patched to compile something else", """\
from course_lib import cuda
cuda.compile = lambda source, **_: None
cuda.module.Module.__init__ = cuda.Module._launch = lambda *_, **__: None
scale = "nothing" """),
    string("kernel_named_system", "a kernel that is only declared, and bears the name of a function of the host", """\
scale = 'extern "C" __global__ int system(const char* command);'"""),
    kernel("device_function_of_the_host", "a device function that is the C library's",
           'extern "C" __device__ int system(const char*);', f"    {TOUCH};\n" + BODY),
    kernel("runtime_pasted", "the inspector's own functions, their names pasted together",
           "#define P(a, b) a##b\nextern \"C\" __device__ void P(__cou, rse_inspect_end)();",
           "    P(__cou, rse_inspect_end)();\n" + BODY),
    kernel("address_of_the_host", "the address of a function of the host",
           'extern "C" __device__ int system(const char*);', "    x[0] = (long long)&system;\n" + BODY),
    kernel("environment_by_name", "the environment as a variable",
           'extern "C" __device__ char** environ;', '    printf("%s", environ[0]);\n' + BODY),
]  # fmt: skip
