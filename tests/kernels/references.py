"""What kernels are held against beyond NumPy: PyTorch's own functions, on the processor, in float64.

SciPy has them too, but the machine of a GPU day (benchmarks/gpu_day.sh) may lack it, and PyTorch is there.
"""

import numpy as np
import torch


def _doubles(values) -> torch.Tensor:
    return torch.from_numpy(np.array(values, np.float64))


def erf(x) -> np.ndarray:
    """The error function of each element."""
    return torch.special.erf(_doubles(x)).numpy()


def expit(x) -> np.ndarray:
    """The logistic function 1 / (1 + exp(-x)) of each element."""
    return torch.special.expit(_doubles(x)).numpy()


def softmax(x, axis: int = -1) -> np.ndarray:
    """exp(x) divided by its sum along `axis`, without overflow; nan where all of a row is -inf."""
    return torch.softmax(_doubles(x), axis).numpy()
