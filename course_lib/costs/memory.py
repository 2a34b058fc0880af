"""Bytes that a model takes: to train (parameters, gradients, optimizer, activations) and to serve."""

from dataclasses import dataclass

from course_lib import shapes
from course_lib.arguments import count, instance, not_negative, positive, real
from course_lib.notebook.reference import reference
from course_lib.shapes import Shape
from course_lib.shapes.transformer import decoder_only

HALF = 2  # bytes of a number in FP16 or BF16
ADAM = 12  # bytes per parameter: FP32 copy, momentum, variance


@dataclass(frozen=True)
class States:
    """Bytes on one GPU for what a model is made of while it trains, activations left out."""

    parameters: float
    gradients: float
    optimizer: float

    @property
    def total(self) -> float:
        """All three."""
        return self.parameters + self.gradients + self.optimizer


@reference("Lab6.3")
def training_states(
    parameters: float, stage: int = 0, ranks: int = 1, optimizer: float = ADAM, number: float = HALF
) -> States:
    """Model states: `number` bytes per parameter and per gradient, `optimizer` bytes for what Adam keeps.

    As given: mixed precision with an FP32 copy, 2 + 2 + 12. In FP32 throughout, number=4 and optimizer=8:
    4 + 4 + 8, 16 bytes as well. ZeRO divides over `ranks` the optimizer states (stage 1), gradients too (2),
    and parameters too (3). Rajbhandari et al. 2020, section 5. Raises ValueError for another stage, no ranks,
    and negative numbers.
    """
    if real("stage", stage) not in (0, 1, 2, 3):
        raise ValueError(f"ZeRO has stages 0 to 3, not {stage!r}")
    if not real("ranks", ranks) >= 1:
        raise ValueError(f"states lie on at least one rank: ranks must be at least 1, not {ranks}")
    count(ranks=ranks)
    not_negative(parameters=parameters, optimizer=optimizer)
    positive(number=number)
    return States(
        number * parameters / (ranks if stage >= 3 else 1),
        number * parameters / (ranks if stage >= 2 else 1),
        optimizer * parameters / (ranks if stage >= 1 else 1),
    )


def activation_estimate(shape: Shape, batch: int, length: int, number: float = HALF) -> float:
    """Bytes of activations by the rule of thumb 12·d·b·l·L numbers, which leaves the l² scores out.

    Rajbhandari et al. 2020, section 3.2, footnote 3: about 60 GB for 1.5 billion parameters at 32 x 1,024.
    Raises ValueError for a batch or length below 1.
    """
    instance("shape", shape, Shape)
    count(batch=batch, length=length)
    positive(number=number)
    return 12 * shape.width * batch * length * shape.layers * number


@reference("Lab6.4")
def layer_activations(
    shape: Shape, batch: int, length: int, number: float = HALF, mask: float = 1, dropout: bool = True
) -> dict[str, float]:
    """Bytes one layer keeps for its backward pass, tensor by tensor, `number` bytes each, masks `mask`.

    Korthikanti et al. 2022, section 4.1, where the sum is s·b·h·(34 + 5·a·s/h) for as many KV heads as
    heads, a feed-forward width of 4h, no gate, and dropout; here for any of these. Entries that name the
    scores grow with l². Raises ValueError for a batch or length below 1, and for a model with an encoder,
    experts or latent attention, which keep other tensors.
    """
    decoder_only(shape)
    if shape.experts or shape.latent:
        other = "experts" if shape.experts else "latent attention"
        raise ValueError(f"{shape.name} has {other}; what its layers keep is not counted here")
    if not real("batch", batch) >= 1 or not real("length", length) >= 1:
        raise ValueError(f"batch and length must be at least 1, not {batch} and {length}")
    count(batch=batch, length=length)
    positive(number=number)
    not_negative(mask=mask)
    tokens = batch * length
    hidden = tokens * shape.width
    inner, kv_inner = tokens * shape.heads * shape.head_dim, tokens * shape.kv_heads * shape.head_dim
    wide = tokens * shape.feed_forward
    scores = batch * shape.heads * length**2
    kept = {
        "softmax of the scores": scores * number,
        "inputs of both norms": 2 * hidden * number,
        "input of the projections": hidden * number,
        "queries and keys": (inner + kv_inner) * number,
        "values": kv_inner * number,
        "input of the output projection": inner * number,
        "input of the feed-forward part": hidden * number,
        # A gated part keeps gate, up, and the activated gate besides their product.
        "input of the activation": wide * number * (3 if shape.gated else 1),
        "input of the last product": wide * number,
    }
    if dropout:
        kept["scores after dropout"] = scores * number
        kept["mask of the scores' dropout"] = scores * mask
        kept["masks of both other dropouts"] = 2 * hidden * mask
    return kept


@reference("Lab6.4")
def head_activations(shape: Shape, batch: int, length: int, number: float = HALF) -> dict[str, float]:
    """Bytes that the last norm, the head and the loss keep, tensor by tensor, `number` bytes each.

    The loss keeps the logarithm of every probability, one for each logit; the logits themselves are no longer
    needed. Under torch's autocast these are FP32 though the rest is not. Raises ValueError for a batch or
    length below 1.
    """
    instance("shape", shape, Shape)
    count(batch=batch, length=length)
    positive(number=number)
    hidden = batch * length * shape.width * number
    norm = {"input of the last norm": hidden} if shape.norms_after_stack else {}
    return norm | {
        "input of the head": hidden,
        "probabilities of the logits": batch * length * shape.vocabulary * number,
    }


@reference("Lab6.4")
def activations(
    shape: Shape,
    batch: int,
    length: int,
    *,
    scores: bool = True,
    checkpointed: bool = False,
    logits: bool = False,
    **numbers,
) -> float:
    """Most bytes of activations there are at one time; `numbers` as in layer_activations.

    Without `scores`: what is left when the l² part is computed again, or never stored (Dao et al. 2022).
    `checkpointed`: each layer keeps its input alone, and when its turn comes backward all else is computed
    again from this input (Chen et al. 2016). `logits`: with head_activations, which are gone before a layer
    is computed again. The embedding is left out. Raises ValueError as layer_activations.
    """
    kept = layer_activations(shape, batch, length, **numbers)
    layer = sum(nbytes for name, nbytes in kept.items() if scores or "scores" not in name)
    head = 0.0
    if logits:
        head = sum(head_activations(shape, batch, length, numbers.get("number", HALF)).values())
    if not checkpointed:
        return shape.layers * layer + head
    first = kept["input of the projections"]  # as large as the input of the layer
    # At the end of the forward pass, and when the last layer is there in full, its input among the rest.
    return max(shape.layers * first + head, (shape.layers - 1) * first + layer)


def weight_bytes(shape: Shape, number: float = HALF) -> float:
    """Bytes of all parameters of a model that is served, `number` bytes each (see `quantized_number`).

    Raises ValueError for bytes that are not above 0.
    """
    instance("shape", shape, Shape)
    positive(number=number)
    return shapes.parameters(shape) * number


def serving_bytes(shape: Shape, tokens: int, number: float = HALF, kv_number: float = HALF) -> float:
    """Bytes to serve: the weights, and the KV cache of `tokens` tokens of all users together.

    Raises ValueError for negative tokens, bytes that are not above 0, and a model with an encoder.
    """
    not_negative(tokens=tokens)
    positive(number=number, kv_number=kv_number)
    return weight_bytes(shape, number) + shapes.kv_bytes_per_token(shape, kv_number) * tokens


def quantized_number(bits: int, group: int, scale_bits: int = 16, zero_bits: int = 0) -> float:
    """Bytes a number takes as a code of `bits` bits, where `group` of them share a scale and a zero point.

    zero_bits: of the zero point, 0 for a symmetric grid. INT4 in groups of 128 with a scale of 16 bits and a
    zero point of 4, as AWQ and GPTQ pack them: 0.5195 bytes (Lin et al. 2024; Frantar et al. 2023). Raises
    ValueError for bits or a group below 1, and negative bits of a scale or zero point.
    """
    count(1, 64, bits=bits)
    count(group=group)
    count(0, 64, scale_bits=scale_bits, zero_bits=zero_bits)
    return (bits + (scale_bits + zero_bits) / group) / 8
