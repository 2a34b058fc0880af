"""Right kernels in other words than the reference solution's, and what a wrong one costs."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.assignment import SCALE, stub
from tests.autograder.corpus.case import LOST, Case, fair

BODY = "    int i = blockIdx.x * blockDim.x + threadIdx.x;\n    if (i < n) x[i] *= factor;\n"


def kernel(name: str, about: str, body: str = BODY, above: str = "", points=None) -> Case:
    """`above` stands before the kernel, `body` in it."""
    source = (
        f'%%cuda scale\n{above}\nextern "C" __global__ void scale(float* x, float factor, int n) {{\n{body}}}'
    )
    return Case(name, about, points or fair(), scale=source)


CASES = [
    kernel("stride_loop", "a loop over the grid",
           "    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) x[i] *= factor;\n"),
    kernel("device_function", "a device function and a constant",
           "    int i = index();\n    if (i < n) x[i] = times(x[i], factor);\n",
           "#define ONE 1\n__device__ int index() { return blockIdx.x * blockDim.x + threadIdx.x; }\n"
           "__device__ float times(float a, float b) { return a * b * ONE; }"),
    kernel("prints_in_kernel", "printf in a thread", '    if (threadIdx.x == 0 && blockIdx.x == 0) printf("here\\n");\n' + BODY),
    kernel("barriers", "barriers and shared memory that nobody needs",
           "    __shared__ float copy[64];\n    int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
           "    if (i < n) copy[threadIdx.x] = x[i];\n    __syncthreads();\n    if (i < n) x[i] = copy[threadIdx.x] * factor;\n"),
    kernel("compiler_warnings", "unused variables and comparisons of signed and unsigned",
           "    int unused = 1; unsigned u = 3;\n    if (u > -1) {}\n" + BODY),
    kernel("comments_non_ascii", "comments in other scripts", "    // größer, 数\n    /* ### */\n" + BODY),
    kernel("another_kernel_beside", "a second kernel that does nothing", BODY,
           'extern "C" __global__ void other(int* y) { y[0] = 1; }'),
    kernel("one_thread", "one thread does it all", "    if (blockIdx.x == 0 && threadIdx.x == 0)\n        for (int i = 0; i < n; ++i) x[i] *= factor;\n"),
    Case("source_as_string", "a string in place of the magic", scale="scale = r'''" + SCALE.split("\n", 1)[1] + "'''"),
    Case("indented_cell", "blank lines above the magic and behind its name",
         scale="\n\n" + SCALE.replace("%%cuda scale", "%%cuda   scale  ") + "\n\n"),
    kernel("no_bounds_check", "writes beyond the end: wrong in part or as a whole, the other tasks are not",
           "    x[blockIdx.x * blockDim.x + threadIdx.x] *= factor;\n", points=fair(scale=None)),
    kernel("does_not_compile", "a forgotten semicolon", "    int i = 3\n", points=fair(scale=LOST)),
    kernel("first_block_only", "the block's index is forgotten: half of the visible cases",
           "    int i = threadIdx.x;\n    if (blockIdx.x == 0 && i < n) x[i] *= factor;\n", points=fair(scale=(0.5, 0))),
    Case("kernel_not_answered", "the starter's kernel", fair(scale=LOST), scale=stub("scale")),
]  # fmt: skip
