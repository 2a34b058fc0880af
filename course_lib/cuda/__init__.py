"""CUDA kernels without a GPU: the same source runs through CuPy on a GPU and through a compiler on the host.

    module = course_lib.cuda.load("quantize")
    module["quantize_rows"](grid, block, (x, q, scale, columns))

`compile` takes a student's source; `Module.inspect` runs a kernel once and reports races, strays and traffic.
"""

from course_lib.cuda.comparison import compare
from course_lib.cuda.compiler import compilers
from course_lib.cuda.errors import CompileError, CourseFault, KernelError, NoCompiler, NotEnded
from course_lib.cuda.module import Module, available, compile, load
from course_lib.cuda.report import Report
from course_lib.cuda.storage import storage
from course_lib.cuda.task_view import Case, show
from course_lib.cuda.traffic import TrafficError, assert_traffic

__all__ = [
    "Case",
    "CompileError",
    "CourseFault",
    "KernelError",
    "Module",
    "NoCompiler",
    "NotEnded",
    "Report",
    "TrafficError",
    "assert_traffic",
    "available",
    "compare",
    "compile",
    "compilers",
    "load",
    "show",
    "storage",
]


def load_ipython_extension(shell) -> None:
    """`%load_ext course_lib.cuda` brings the cell magic `%%cuda NAME`."""
    from course_lib.cuda.magic import CudaMagics

    shell.register_magics(CudaMagics)
