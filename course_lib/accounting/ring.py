"""Reduce-scatter and all-gather on a ring of processes, message by message (Patarasuk and Yuan 2009).

torch's gloo carries out a reduce-scatter as an all-reduce, which sends twice as much; these send (N - 1)/N of
the message. To be called by all ranks of the default process group at once.
"""

import torch
import torch.distributed as dist


def reduce_scatter(whole: torch.Tensor) -> torch.Tensor:
    """This rank's of N equal chunks, summed over all ranks: (N · n,) to (n,). `whole` stays as it is.

    Raises ValueError for a length that N does not divide.
    """
    rank, ranks = dist.get_rank(), dist.get_world_size()
    if whole.ndim != 1 or len(whole) % ranks:
        raise ValueError(
            f"whole must be one row that {ranks} ranks divide, not of shape {tuple(whole.shape)}"
        )
    chunks = whole.view(ranks, -1)
    # Chunk r starts behind its owner and comes to it last, each rank on the way adding its own.
    passed = chunks[(rank - 1) % ranks].clone()
    for step in range(ranks - 1):
        passed = _to_the_right(passed) + chunks[(rank - 2 - step) % ranks]
    return passed


def all_gather(part: torch.Tensor) -> torch.Tensor:
    """All ranks' parts (n,), rank by rank: (N · n,)."""
    rank, ranks = dist.get_rank(), dist.get_world_size()
    whole = part.new_empty(ranks, *part.shape)
    whole[rank] = part
    for step in range(ranks - 1):
        whole[(rank - 1 - step) % ranks] = _to_the_right(whole[(rank - step) % ranks])
    return whole.flatten()


def _to_the_right(sent: torch.Tensor) -> torch.Tensor:
    """Send to the next rank while the one before sends; what came."""
    rank, ranks = dist.get_rank(), dist.get_world_size()
    came = torch.empty_like(sent)
    sending = dist.isend(sent, (rank + 1) % ranks)
    dist.recv(came, (rank - 1) % ranks)
    sending.wait()
    return came
