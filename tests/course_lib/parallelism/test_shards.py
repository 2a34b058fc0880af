"""Shards of linear layers: put together they are the layer, for every split."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import seeds
from course_lib.parallelism.shards import column_parallel, row_parallel


def normal(*shape):
    return torch.randn(*shape, generator=seeds.torch_stream("test", "shards"), dtype=torch.float64)


@given(st.integers(1, 6), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_an_mlp_over_shards_is_the_mlp_and_needs_one_sum(ranks, inputs, hidden, outputs):
    x, up, down = normal(3, inputs), normal(hidden, inputs), normal(outputs, hidden)
    up_bias, down_bias = normal(hidden), normal(outputs)
    whole = torch.nn.functional.linear(
        torch.relu(torch.nn.functional.linear(x, up, up_bias)), down, down_bias
    )
    parts = [
        torch.nn.functional.linear(torch.relu(torch.nn.functional.linear(x, *first)), *second)
        for first, second in zip(
            column_parallel(up, up_bias, ranks), row_parallel(down, down_bias, ranks), strict=True
        )
    ]
    torch.testing.assert_close(sum(parts), whole)


@given(st.integers(1, 6), st.integers(1, 9), st.integers(1, 9))
def test_every_weight_lies_on_one_rank(ranks, inputs, outputs):
    weight, bias = normal(outputs, inputs), normal(outputs)
    for cut in (column_parallel, row_parallel):
        shards = cut(weight, bias, ranks)
        assert len(shards) == ranks
        assert sum(part.numel() for part, _ in shards) == weight.numel()
        assert sum(part.numel() for _, part in shards if part is not None) == bias.numel()
        assert all(part is None for _, part in cut(weight, None, ranks))
