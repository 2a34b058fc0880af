"""CUDA kernels without a GPU: the same source runs through CuPy on a GPU and through a compiler on the host.

    module = course_lib.cuda.load("quantize")
    module["quantize_rows"](grid, block, (x, q, scale, columns))

`compile` takes a student's source; `Module.inspect` runs a kernel once and reports races, strays and traffic.
"""

from course_lib.cuda.compilers import compilers
from course_lib.cuda.errors import CompileError, KernelError, NoCompiler
from course_lib.cuda.module import Module, available, compile, load

__all__ = ["CompileError", "KernelError", "Module", "NoCompiler", "available", "compile", "compilers", "load"]


def load_ipython_extension(shell) -> None:
    """`%load_ext course_lib.cuda` brings the cell magic `%%cuda NAME`."""
    from course_lib.cuda.magic import CudaMagics

    shell.register_magics(CudaMagics)
