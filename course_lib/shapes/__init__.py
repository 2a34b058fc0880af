"""Shapes of transformers by name, and what follows from a shape alone: parameters, FLOPs, KV bytes."""

from course_lib.shapes.arithmetic import (
    attention_flops,
    block_matrix_products,
    forward_flops_per_token,
    seen_by_layers,
    training_flops,
)
from course_lib.shapes.kept import kv_bytes, kv_bytes_per_token, tokens_that_fit
from course_lib.shapes.parameter_counts import (
    active_parameters,
    attention_parameters,
    convolution_parameters,
    dense_parts,
    expert_parameters,
    expert_parts,
    fedavg_cnn_parameters,
    feed_forward_parameters,
    matrix_parameters,
    mlp_parameters,
    parameters,
)
from course_lib.shapes.published import SHAPES, shape
from course_lib.shapes.transformer import Shape

__all__ = [
    "SHAPES",
    "Shape",
    "active_parameters",
    "attention_flops",
    "attention_parameters",
    "block_matrix_products",
    "convolution_parameters",
    "dense_parts",
    "expert_parameters",
    "expert_parts",
    "fedavg_cnn_parameters",
    "feed_forward_parameters",
    "forward_flops_per_token",
    "kv_bytes",
    "kv_bytes_per_token",
    "matrix_parameters",
    "mlp_parameters",
    "parameters",
    "seen_by_layers",
    "shape",
    "tokens_that_fit",
    "training_flops",
]
