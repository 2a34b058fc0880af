"""Orders that the tests give to ranks: our ring beside gloo, and torch's own versions of ZeRO."""

from dataclasses import replace

import torch
import torch.distributed as dist

from course_lib.accounting import ring
from course_lib.accounting.training import LEARNER, text
from course_lib.ranks.traffic import sent_bytes
from course_lib.transformer.model import Transformer, loss


def rows(rank, n, dtype):
    return torch.arange(n, dtype=dtype) % 7 + rank


def scatter_and_gather(tell, n, dtype):
    """This rank's sum, and all ranks' parts, as lists."""
    own = rows(dist.get_rank(), n, getattr(torch, dtype))
    part = ring.reduce_scatter(own)
    assert torch.equal(own, rows(dist.get_rank(), n, own.dtype)), "the message stays as it is"
    return part.tolist(), ring.all_gather(own[:5]).tolist()


def bytes_of(tell, n):
    """Bytes that a reduce-scatter of n float32 sends: ours, and gloo's."""
    whole, part = torch.ones(n), torch.empty(n // dist.get_world_size())
    sent = []
    for carry_out in (lambda: ring.reduce_scatter(whole), lambda: dist.reduce_scatter_tensor(part, whole)):
        carry_out()
        dist.barrier()
        before = sent_bytes()
        carry_out()
        sent.append(sent_bytes() - before)
        dist.barrier()
    return sent


def zero_redundancy(tell, steps, batch):
    """Losses, and bytes of the optimizer on this rank, with torch's ZeroRedundancyOptimizer."""
    from torch.distributed.optim import ZeroRedundancyOptimizer
    from torch.nn.parallel import DistributedDataParallel

    model = Transformer(replace(LEARNER, tied=False))
    whole = DistributedDataParallel(model)
    optimizer = ZeroRedundancyOptimizer(model.parameters(), torch.optim.Adam, lr=1e-3)
    losses = descend(whole, optimizer, steps, batch)
    return losses, moments(optimizer.optim)


def fully_sharded(tell, steps, batch):
    """Losses, and bytes of parameters and of the optimizer on this rank, with torch's fully_shard."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    model = Transformer(replace(LEARNER, tied=False))
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    for unit in (model.embedding, *model.blocks, model.head, model):
        fully_shard(unit, mesh=mesh)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = descend(model, optimizer, steps, batch)
    return losses, sum(p.to_local().nbytes for p in model.parameters()), moments(optimizer)


def descend(model, optimizer, steps, batch):
    tokens = text(batch * steps, LEARNER.positions + 1, LEARNER.vocabulary)
    share, losses = batch // dist.get_world_size(), []
    for rows in tokens.split(batch):
        own = rows[dist.get_rank() * share :][:share]
        optimizer.zero_grad()
        value = loss(model(own[:, :-1]), own[:, 1:])
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses


def moments(optimizer):
    kept = [state[name] for state in optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
    return sum(getattr(t, "to_local", lambda t=t: t)().nbytes for t in kept)
