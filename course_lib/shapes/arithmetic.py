"""FLOPs that follow from a shape alone."""

from course_lib.arguments import NOT_NEGATIVE, NUMBER, a, count, not_negative, takes
from course_lib.notebook.reference import reference
from course_lib.shapes.parameter_counts import matrix_parameters
from course_lib.shapes.transformer import Shape, decoder_only


@takes(shape=a(Shape))
def attention_flops(shape: Shape) -> int:
    """FLOPs of a layer for each pair of a token and one it attends to: scores and mix, 2 for each number."""
    values = shape.value_dim if shape.latent else shape.head_dim
    return 2 * shape.heads * (shape.head_dim + shape.rope_dim * bool(shape.latent) + values)


@takes(shape=a(Shape), context=NOT_NEGATIVE)
def seen_by_layers(shape: Shape, context: float) -> float:
    """Tokens that a token attends to, summed over the layers, of `context`: a window's layers see no more.

    Raises ValueError for a negative context.
    """
    if shape.window is None:
        return shape.layers * context
    windowed = shape.layers if shape.windowed_layers is None else shape.windowed_layers
    return (shape.layers - windowed) * context + windowed * min(context, shape.window)


@takes(shape=a(Shape), context=NUMBER)
def forward_flops_per_token(shape: Shape, context: int) -> int:
    """FLOPs to compute one token that attends to `context` tokens, itself included, of a decoder-only model.

    Two per weight in a matrix, and four per layer, head dimension and token attended to (scores and mix);
    norms, softmax and activations are left out, and experts that the token does not use. Kaplan et al. 2020,
    table 1. Raises ValueError for a model with an encoder, and for a context below 1.
    """
    decoder_only(shape)
    if not context >= 1:
        raise ValueError(f"a token attends at least to itself: context must be at least 1, not {context}")
    count(context=context)
    products = 2 * matrix_parameters(shape, shape.experts_per_token)
    return products + attention_flops(shape) * seen_by_layers(shape, context)


def training_flops(parameters: float, tokens: float) -> float:
    """FLOPs to train on `tokens` tokens: 6 per parameter and token, 2 forward and 4 backward.

    Brown et al. 2020, appendix D; attention's own products are left out. Raises ValueError for negative and
    infinite numbers.
    """
    not_negative(parameters=parameters, tokens=tokens)
    return 6 * parameters * tokens


@reference("Lab6.1")
@takes(heads=NUMBER)
def block_matrix_products(heads: int, cross_attention: bool = False) -> int:
    """Matrix products of one block, each head's counted apart: 5k + 3, and 10k + 4 with cross-attention.

    An attention with k heads has 3k projections, 2k products of scores and values, 1 output; the feed-forward
    part has 2. Raises ValueError for no heads.
    """
    if not heads >= 1:
        raise ValueError(f"a block has at least one head: heads must be at least 1, not {heads}")
    count(heads=heads)
    attention = 3 * heads + 2 * heads + 1
    return attention * (2 if cross_attention else 1) + 2
