"""Memory: against the papers' sums, and against what torch keeps for a real backward pass."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from course_lib import shapes
from course_lib.costs import memory
from course_lib.shapes import shape

XL = shape("gpt2-xl")


@given(st.integers(1, 10**11), st.integers(1, 1024))
def test_each_stage_divides_what_it_names_and_a_single_rank_keeps_all(parameters, ranks):
    stages = [memory.training_states(parameters, stage, ranks) for stage in range(4)]
    assert stages[0].total == 16 * parameters
    assert stages[1].total == pytest.approx(4 * parameters + 12 * parameters / ranks)
    assert stages[2].total == pytest.approx(2 * parameters + 14 * parameters / ranks)
    assert stages[3].total == pytest.approx(16 * parameters / ranks)


def test_fp32_throughout_takes_as_many_bytes_as_mixed_precision():
    assert memory.training_states(10**9, number=4, optimizer=8).total == memory.training_states(10**9).total
    assert memory.training_states(8, 3, 4, optimizer=8, number=4) == memory.States(8, 8, 16)


@given(st.integers(1, 64), st.integers(1, 4096))
def test_a_layer_keeps_what_the_published_sum_says(batch, length):
    s, b, h, a = length, batch, XL.width, XL.heads
    kept = memory.layer_activations(XL, batch, length)
    assert sum(kept.values()) == pytest.approx(s * b * h * (34 + 5 * a * s / h))
    without = memory.activations(XL, batch, length, scores=False)
    assert without == pytest.approx(XL.layers * 34 * s * b * h)


def test_scores_are_several_times_the_estimate_that_leaves_them_out():
    estimate = memory.activation_estimate(XL, 32, 1024)
    assert memory.activations(XL, 32, 1024) > 4 * estimate
    assert memory.activations(XL, 32, 1024, checkpointed=True) < estimate / 5


@given(st.integers(1, 96), st.integers(1, 8), st.integers(1, 512), st.booleans())
def test_checkpointing_counts_the_input_of_the_layer_that_is_there_once(layers, batch, length, scores):
    model = replace(XL, layers=layers)
    one = memory.activations(replace(XL, layers=1), batch, length, scores=scores)
    hidden = memory.layer_activations(XL, batch, length)["input of the projections"]
    checkpointed = memory.activations(model, batch, length, scores=scores, checkpointed=True)
    assert checkpointed == one + (layers - 1) * hidden
    assert checkpointed <= memory.activations(model, batch, length, scores=scores), "one layer gains nothing"


def test_logits_are_kept_once_and_are_the_peak_where_they_outgrow_a_layer():
    small = replace(shape("gpt2"), layers=2, vocabulary=40)
    vast = replace(small, vocabulary=10**6)
    for model in (small, vast):
        head = sum(memory.head_activations(model, 2, 64).values())
        body = memory.activations(model, 2, 64)
        assert memory.activations(model, 2, 64, logits=True) == body + head
    hidden = memory.layer_activations(small, 2, 64)["input of the projections"]
    # Of the small vocabulary the logits are gone before the peak; those of the vast one are the peak.
    assert memory.activations(small, 2, 64, checkpointed=True, logits=True) == memory.activations(
        small, 2, 64, checkpointed=True
    )
    assert memory.activations(vast, 2, 64, checkpointed=True, logits=True) == 2 * hidden + head


def a_block(model, dropout):
    """One pre-norm layer in torch with the products, norms and dropouts that the formula counts."""
    inner, kv_inner = model.heads * model.head_dim, model.kv_heads * model.head_dim
    linear = {
        "q": (model.width, inner), "k": (model.width, kv_inner), "v": (model.width, kv_inner),
        "o": (inner, model.width), "up": (model.width, model.feed_forward),
        "gate": (model.width, model.feed_forward), "down": (model.feed_forward, model.width),
    }  # fmt: skip
    w = {name: torch.nn.Linear(*size, bias=False) for name, size in linear.items()}
    norms = [torch.nn.LayerNorm(model.width) for _ in range(2)]

    def forward(x):  # (batch, length, width)
        batch, length, _ = x.shape

        def split(y):
            return y.view(batch, length, -1, model.head_dim).transpose(1, 2)

        y = norms[0](x)
        q, k, v = (split(w[name](y)) for name in "qkv")
        scores = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(model.head_dim), -1)
        mixed = functional.dropout(scores, dropout) @ v
        x = x + functional.dropout(w["o"](mixed.transpose(1, 2).reshape(batch, length, -1)), dropout)
        y = norms[1](x)
        up = w["up"](y)
        up = functional.silu(w["gate"](y)) * up if model.gated else functional.gelu(up)
        return x + functional.dropout(w["down"](up), dropout)

    weights = [p for layer in (*w.values(), *norms) for p in layer.parameters()]
    return forward, weights


def bytes_kept(compute, own):
    """Bytes of all storages that torch keeps for the backward pass of `compute`, without `own`."""
    known = {tensor.untyped_storage().data_ptr() for tensor in own}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        result = compute()
    del result
    return sum(storage.nbytes() for storage in kept.values())


@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize("gated", [False, True])
def test_torch_keeps_what_the_count_says(gated, dropout):
    model = replace(shape("gpt2"), layers=1, width=24, heads=4, kv_heads=4, head_dim=6, feed_forward=40)
    model = replace(model, gated=gated)
    forward, weights = a_block(model, dropout)
    batch, length = 3, 50
    x = torch.randn(batch, length, model.width, requires_grad=True)
    measured = bytes_kept(lambda: forward(x), weights)
    # On a CPU torch keeps a dropout's mask as numbers, on a GPU as bytes.
    counted = memory.activations(model, batch, length, number=4, mask=4, dropout=dropout > 0)
    statistics = 2 * 2 * batch * length * 4  # mean and deviation of both norms
    assert measured - statistics == pytest.approx(counted, rel=1e-9)


def test_torch_keeps_for_the_head_and_its_loss_what_the_count_says():
    model = replace(shape("gpt2"), width=24, vocabulary=77)
    norm, head = torch.nn.LayerNorm(24), torch.nn.Linear(24, 77, bias=False)
    x, targets = torch.randn(3, 50, 24, requires_grad=True), torch.randint(77, (150,))
    measured = bytes_kept(
        lambda: functional.cross_entropy(head(norm(x)).view(150, 77), targets),
        [*norm.parameters(), head.weight, targets],
    )
    statistics = 2 * 150 * 4 + 4  # mean and deviation of the norm, and the sum of the loss' weights
    assert measured - statistics == sum(memory.head_activations(model, 3, 50, number=4).values())


def test_serving_takes_weights_and_caches():
    model = shape("llama2-7b")
    assert memory.serving_bytes(model, 0) == 2 * shapes.parameters(model)
    assert memory.serving_bytes(model, 100) - memory.serving_bytes(model, 0) == 100 * 524288
    assert (
        memory.serving_bytes(model, 100, number=1, kv_number=0.5) == shapes.parameters(model) + 100 * 131072
    )


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: memory.training_states(1, 4), "stages 0 to 3"),
        (lambda: memory.training_states(1, 1, 0), "at least one rank"),
        (lambda: memory.activations(XL, 0, 1), "at least 1"),
        (lambda: memory.activations(shape("transformer-base"), 1, 1), "has an encoder"),
        (lambda: memory.activations(shape("mixtral-8x7b"), 1, 1), "mixtral-8x7b has experts"),
        (lambda: memory.activations(replace(XL, latent=512, value_dim=64, rope_dim=64), 1, 1), "latent"),
    ],
)
def test_nonsense_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()


@pytest.mark.parametrize(("arguments", "expected"), [
    ((4, 32, 16), 18 / 32),  # llama.cpp's Q4_0: a block of 32 takes 18 bytes
    ((4, 32, 16, 16), 20 / 32),  # Q4_1, with a minimum beside the scale: 20
    ((8, 32, 16), 34 / 32),  # Q8_0: 34
    ((4, 128, 16, 4), 0.51953125),  # AWQ and GPTQ: 4.156 bits
    ((16, 1, 0), 2.0),
])  # fmt: skip
def test_a_code_of_a_group_takes_as_many_bytes_as_in_the_files_of_others(arguments, expected):
    assert memory.quantized_number(*arguments) == expected


def test_int4_weights_of_llama2_7b_take_three_and_a_half_gigabytes():
    number = memory.quantized_number(4, 128, zero_bits=4)
    assert memory.weight_bytes(shape("llama2-7b"), number) == pytest.approx(3.5e9, rel=0.01)
