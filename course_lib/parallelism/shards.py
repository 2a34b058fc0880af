"""A linear layer over several ranks: by columns of its output, or by rows of its input (Shoeybi et al. 2019).

torch keeps weights as (out, in): what the paper calls columns are rows there.
"""

import torch

from course_lib.notebook.reference import reference

Shard = tuple[torch.Tensor, torch.Tensor | None]


@reference("Q6.3")
def column_parallel(weight: torch.Tensor, bias: torch.Tensor | None, ranks: int) -> list[Shard]:
    """Each rank computes some of the outputs from all inputs: weight (out/N, in), bias (out/N,)."""
    weights = torch.tensor_split(weight, ranks, dim=0)
    biases = [None] * ranks if bias is None else torch.tensor_split(bias, ranks)
    return list(zip(weights, biases, strict=True))


@reference("Q6.3")
def row_parallel(weight: torch.Tensor, bias: torch.Tensor | None, ranks: int) -> list[Shard]:
    """Each rank computes a part of every output's sum from some inputs: weight (out, in/N).

    The first rank alone has the bias, since the parts are added.
    """
    return [
        (part, bias if rank == 0 else None)
        for rank, part in enumerate(torch.tensor_split(weight, ranks, dim=1))
    ]
