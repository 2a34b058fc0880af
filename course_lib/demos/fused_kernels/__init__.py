"""Demo of lab 4: a row walks through a chain of kernels, or through one fused kernel."""

from course_lib.demos.fused_kernels import figures

__all__ = ["figures"]
