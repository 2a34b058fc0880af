"""A small engine for automatic differentiation: scalars, tensors on NumPy, CuPy and own kernels, networks.

    x = Tensor(np.ones((2, 3)), requires_grad=True)
    (x * x).sum().backward()
    x.grad

Names and meanings are torch's. tensor.py shows how a graph is recorded, operations.py what each operation
computes and how its gradient goes back, graph.py in which order, backends/ with what.
"""

from course_lib.autodiff.recording import no_grad
from course_lib.autodiff.scalar import Value
from course_lib.autodiff.tensor import Tensor, apply

__all__ = ["Tensor", "Value", "apply", "no_grad"]
