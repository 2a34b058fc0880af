"""Published numbers that the calculators must reproduce: data/known_answers.csv, row by row."""

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from course_lib import hardware, quantization, shapes
from course_lib.costs import collectives, memory
from course_lib.federated.traffic import local_updates
from course_lib.parallelism import pipeline
from course_lib.paths import ROOT
from course_lib.serving import theory
from course_lib.shapes import shape

ANSWERS = ROOT / "data" / "known_answers.csv"
DESIGN = Path(os.environ.get("COURSE_SHARED", ROOT.parent / "shared")) / "design" / "known_answers.csv"
ROWS = {row["id"]: row for row in csv.DictReader(ANSWERS.read_text(encoding="utf-8").splitlines())}

LLAMA_3B_MULTI_HEAD = replace(shape("llama3.2-3b"), kv_heads=24)
GB = hardware.GB
MODEL_3B = 6 * GB  # as the question states it: 3 billion parameters in FP16


def decibels_gained_by_the_sixteenth_bit():
    # The golden ratio's multiples fill [-1, 1] evenly, so that chance adds nothing to the fifth digit.
    x = 2 * np.modf(np.arange(1_000_001) * (5**0.5 - 1) / 2)[0][None] - 1
    ratios = [
        quantization.signal_to_noise(x, quantization.quantize(x, bits, symmetric=False).dequantize())
        for bits in (15, 16)
    ]
    return ratios[1] - ratios[0]


def codes_of_the_quiz():
    x = np.array([[-0.9, -0.1, 0, 0.3, 0.7, 1.0]])
    return quantization.quantize(x, 8, symmetric=False).codes[0].tolist()


CALCULATORS = {
    "gpt2_small_parameters": lambda: shapes.parameters(shape("gpt2")),
    "gpt2_small_parameters_no_bias": lambda: shapes.parameters(replace(shape("gpt2"), biases=False)),
    "gpt2_medium_parameters": lambda: shapes.parameters(shape("gpt2-medium")),
    "llama2_7b_parameters": lambda: shapes.parameters(shape("llama2-7b")),
    "llama3_8b_parameters": lambda: shapes.parameters(shape("llama3-8b")),
    "llama32_3b_parameters": lambda: shapes.parameters(shape("llama3.2-3b")),
    "quiz_mlp_parameters": lambda: shapes.mlp_parameters([784, 256, 128, 10]),
    "fedavg_blog_mlp_parameters": lambda: shapes.mlp_parameters([784, 64, 10]),
    "fedavg_2nn_parameters": lambda: shapes.mlp_parameters([784, 200, 200, 10]),
    "fedavg_cnn_parameters": shapes.fedavg_cnn_parameters,
    "transformer_base_matrices": lambda: shapes.matrix_parameters(shape("transformer-base")),
    "kv_llama2_7b": lambda: shapes.kv_bytes_per_token(shape("llama2-7b")),
    "kv_llama2_70b": lambda: shapes.kv_bytes_per_token(shape("llama2-70b")),
    "kv_llama3_8b": lambda: shapes.kv_bytes_per_token(shape("llama3-8b")),
    "kv_llama32_3b_gqa": lambda: shapes.kv_bytes_per_token(shape("llama3.2-3b")),
    "kv_llama32_3b_mha": lambda: shapes.kv_bytes_per_token(LLAMA_3B_MULTI_HEAD),
    "kv_opt_13b": lambda: shapes.kv_bytes_per_token(shape("opt-13b")),
    "kv_gpt3": lambda: shapes.kv_bytes_per_token(shape("gpt3-175b")),
    "q9_tokens_that_fit": lambda: shapes.tokens_that_fit((16 - 14) * GB, shape("llama2-7b")),
    "q11_tokens_2gb_mha": lambda: shapes.tokens_that_fit(8 * GB - MODEL_3B, LLAMA_3B_MULTI_HEAD),
    "q11_tokens_6gb_mha": lambda: shapes.tokens_that_fit(12 * GB - MODEL_3B, LLAMA_3B_MULTI_HEAD),
    "q11_tokens_6gb_gqa": lambda: shapes.tokens_that_fit(12 * GB - MODEL_3B, shape("llama3.2-3b")),
    "q11_tokens_pair_one_copy": lambda: shapes.tokens_that_fit(24 * GB - MODEL_3B, LLAMA_3B_MULTI_HEAD),
    "q11_tokens_pair_replicas": lambda: 2 * shapes.tokens_that_fit(12 * GB - MODEL_3B, LLAMA_3B_MULTI_HEAD),
    "gpt3_training_flops": lambda: shapes.training_flops(shapes.parameters(shape("gpt3-175b")), 300e9),
    "chinchilla_training_flops": lambda: shapes.training_flops(70e9, 1.4e12),
    "ridge_a100_80": lambda: hardware.gpu("A100 80GB").ridge_point("bf16"),
    "ridge_h100_sxm": lambda: hardware.gpu("H100 SXM 80GB").ridge_point("bf16"),
    "pcie4_x16": lambda: hardware.link("PCIe 4.0 x16").peak,
    "zero_7p5b_64_stage0": lambda: memory.training_states(7.5e9, 0, 64).total,
    "zero_7p5b_64_stage1": lambda: memory.training_states(7.5e9, 1, 64).total,
    "zero_7p5b_64_stage2": lambda: memory.training_states(7.5e9, 2, 64).total,
    "zero_7p5b_64_stage3": lambda: memory.training_states(7.5e9, 3, 64).total,
    "gpt2_1p5b_weights_fp16": lambda: memory.training_states(1.5e9).parameters,
    "gpt2_1p5b_states": lambda: memory.training_states(1.5e9).total,
    "gpt2_1p5b_activations": lambda: memory.activation_estimate(shape("gpt2-xl"), 32, 1024),
    "ring_all_reduce_8": lambda: collectives.bytes_sent("all_reduce", 1, 8),
    "gpipe_bubble_4_8": lambda: pipeline.idle_share([1] * 4, pipeline.schedule([1] * 4, 8)),
    "gpipe_clocks_3_3": lambda: pipeline.clocks(3, 3),
    "sqnr_per_bit": decibels_gained_by_the_sixteenth_bit,
    "quiz_affine_example": codes_of_the_quiz,
    "encoder_block_matmuls": lambda: shapes.block_matrix_products(12),
    "decoder_block_matmuls": lambda: shapes.block_matrix_products(12, cross_attention=True),
    "fill_wait_64_1": lambda: theory.fill_wait(64, 1.0),
    "fill_wait_closed_70_64": lambda: theory.fill_wait_closed(70, 64, 30.0),
    "mm1_wait_0p8": lambda: theory.mmc_wait(0.8, 1.0),
    "md1_wait_0p8": lambda: theory.mg1_wait(0.8, 1.0, cv=0.0),
    "erlang_c_2_0p8": lambda: theory.erlang_c(2, 1.6),
    "fedavg_updates_5_10": lambda: int(local_updates(5, [600], 10)[0]),
}


@pytest.mark.parametrize("name", CALCULATORS)
def test_a_calculator_gives_the_published_number(name):
    row = ROWS[name]
    value = CALCULATORS[name]()
    if isinstance(value, list):
        assert value == [int(code) for code in row["value"].split()]
    else:
        # A row without a tolerance is exact; a quotient of floats may still be off in its last bits.
        exact = 0 if isinstance(value, int) else 1e-14
        tolerance = max(float(row["relative_tolerance"]), exact)
        assert value == pytest.approx(float(row["value"]), rel=tolerance, abs=0)


def test_every_row_is_computed():
    assert CALCULATORS.keys() == ROWS.keys()


def test_every_row_is_complete():
    assert len(ROWS) == 49
    for row in ROWS.values():
        assert None not in row, f"{row['id']} has more fields than the header"
        assert all(row.values()), f"{row['id']} lacks a field"


@pytest.mark.needs("shared")
def test_the_table_is_the_one_that_was_agreed():
    assert ANSWERS.read_bytes() == DESIGN.read_bytes()
