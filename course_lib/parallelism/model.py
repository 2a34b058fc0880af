"""One rank's share of a small decoder: some layers, and of each layer some heads and hidden units."""

import math

import numpy as np
import torch
from torch.nn import functional

from course_lib import seeds
from course_lib.parallelism.job import Job
from course_lib.parallelism.shards import column_parallel, row_parallel


def _normal(job: Job, out: int, inputs: int, *names) -> torch.Tensor:
    random = seeds.torch_stream("parallelism", *names, seed=job.seed)
    return torch.randn(out, inputs, generator=random) / math.sqrt(inputs)


class Block:
    """Shard `shard` of `shards` of a pre-norm layer (Radford et al. 2019), with its KV cache.

    Every rank draws the whole layer from the seed and keeps its part, so that no weight is ever sent.
    """

    def __init__(self, job: Job, layer: int, shard: int, shards: int):
        d, self.head_dim = job.width, job.width // job.heads
        names = ("query", "key", "value")
        parts = [column_parallel(_normal(job, d, d, name, layer), None, shards)[shard][0] for name in names]
        self.qkv = torch.cat(parts)
        self.mix, self.mix_bias = row_parallel(
            _normal(job, d, d, "mix", layer), 0.1 * _normal(job, d, 1, "mix bias", layer)[:, 0], shards
        )[shard]
        self.up, self.up_bias = column_parallel(
            _normal(job, 4 * d, d, "up", layer), 0.1 * _normal(job, 4 * d, 1, "up bias", layer)[:, 0], shards
        )[shard]
        self.down, self.down_bias = row_parallel(
            _normal(job, d, 4 * d, "down", layer), 0.1 * _normal(job, d, 1, "down bias", layer)[:, 0], shards
        )[shard]
        self.caches: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def attention(self, x: torch.Tensor, group: int) -> torch.Tensor:
        """This shard's part of what attention adds to x (users, n, d); keys and values join the cache."""
        users, n, d = x.shape
        heads = functional.linear(functional.layer_norm(x, (d,)), self.qkv)
        q, k, v = heads.view(users, n, 3, -1, self.head_dim).permute(2, 0, 3, 1, 4)  # (users, heads, n, ·)
        if group in self.caches:
            k, v = (torch.cat(pair, dim=2) for pair in zip(self.caches[group], (k, v), strict=True))
        self.caches[group] = k, v
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=k.shape[2] == n)
        return functional.linear(mixed.transpose(1, 2).reshape(users, n, -1), self.mix, self.mix_bias)

    def feed_forward(self, x: torch.Tensor) -> torch.Tensor:
        """This shard's part of what the feed-forward part adds to x (users, n, d)."""
        h = functional.linear(functional.layer_norm(x, (x.shape[-1],)), self.up, self.up_bias)
        return functional.linear(functional.gelu(h), self.down, self.down_bias)

    @property
    def nbytes(self) -> int:
        """Bytes of this shard's weights and biases."""
        held = (self.qkv, self.mix, self.mix_bias, self.up, self.up_bias, self.down, self.down_bias)
        return sum(weight.nbytes for weight in held if weight is not None)


class Ends:
    """The embedding, which the first stage uses, and the shard of the head that the last stage uses."""

    def __init__(self, job: Job, shard: int, shards: int):
        self.embedding = _normal(job, job.vocabulary, job.width, "embedding") * math.sqrt(job.width)
        self.positions = _normal(job, job.prompt + job.answer, job.width, "positions") * math.sqrt(job.width)
        head = _normal(job, job.vocabulary, job.width, "head")
        self.head = column_parallel(head, None, shards)[shard][0]

    def embed(self, tokens: torch.Tensor, position: int) -> torch.Tensor:  # (users, n) -> (users, n, d)
        """Tokens of which the first stands at `position`."""
        return self.embedding[tokens] + 0.1 * self.positions[position : position + tokens.shape[1]]

    def logits(self, x: torch.Tensor) -> torch.Tensor:  # (users, n, d) -> (users, vocabulary / shards)
        """This shard's logits of the token after the last."""
        return functional.linear(functional.layer_norm(x[:, -1], (x.shape[-1],)), self.head)


def prompts(job: Job) -> np.ndarray:
    """Every user's prompt, (users, prompt)."""
    return seeds.stream("parallelism", "prompts", seed=job.seed).integers(
        job.vocabulary, size=(job.users, job.prompt)
    )
