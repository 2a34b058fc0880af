"""Where a rank computes."""

import torch
import torch.distributed as dist


def device() -> torch.device:
    """This rank's GPU where ranks talk through NCCL, else the processor."""
    return torch.device("cuda" if "nccl" in dist.get_backend_config() else "cpu")
