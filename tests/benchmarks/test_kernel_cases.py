"""The kernel benchmark compares the same work: a kernel, NumPy and PyTorch give the same numbers."""

import json

import numpy as np
import pytest
import torch

from benchmarks import kernel_gpu, lab4
from benchmarks.kernel_cases import decode, fused, matmul, rows

CASES = [*matmul(96, tensor_cores=True), *rows(6, 300), *decode(2, 96, 2), *fused(6, 40), *fused(12, 4)]
# Which argument of the last launch holds the result.
RESULT = {"matmul": 2, "softmax": 2, "layernorm": 3, "quantize": 1, "activation": 2, "kv_cache": 3}
RESULT |= {"attention_softmax": 2, "softmax_backward": 2, "residual_layernorm": 5, "layernorm_backward": 5}
RESULT |= {"attention_softmax, chain": 2, "softmax_backward, chain": 1, "residual_layernorm, chain": 2}
RESULT |= {"layernorm_backward, chain": 2}


def _named(cases):
    return [pytest.param(case, id=case.name) for case in cases]


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("case", _named(case for case in CASES if case.name != "matmul_tensor_core"))
def test_the_kernel_computes_what_numpy_does(case):
    launches, module = case.launches(), case.module("host")
    for kernel, *launch in launches:
        module[kernel](*launch)
    got, expected = launches[-1].args[RESULT[case.chain or case.topic]], case.numpy(*launches[0].args)
    tolerance = 1 if got.dtype == np.int8 else 1e-5
    np.testing.assert_allclose(
        got.astype(float), expected.reshape(got.shape).astype(float), rtol=1e-4, atol=tolerance
    )


@pytest.mark.parametrize("case", _named(case for case in CASES if case.torch))
def test_pytorch_is_asked_for_the_same(case):
    args = case.launches()[0].args
    if case.topic == "kv_cache":  # PyTorch has no table of pages: let them lie in order
        args[-8][...] = np.arange(args[-8].size).reshape(args[-8].shape)
    tensors = [torch.from_dlpack(arg) for arg in args if isinstance(arg, np.ndarray)]
    names = dict(zip("abc", tensors, strict=False)) | {"torch": torch, "F": torch.nn.functional}
    got, expected = eval(case.torch, names).numpy().squeeze(), case.numpy(*args)
    np.testing.assert_allclose(
        got.astype(float), expected.reshape(got.shape).astype(float), rtol=1e-3, atol=1e-2
    )


def test_an_array_of_two_launches_is_still_one_on_the_gpu():
    (split,) = (case for case in decode(2, 64, 2) if len(case.launches()) == 2)
    first, second = kernel_gpu._on_gpu(np, split.launches())
    assert second.args[0] is first.args[3]
    assert first.shared_mem == 0


def test_gpu_figures_stand_beside_the_bound_of_their_own_precision():
    measured = {
        "copy_GB_s": 4000.0,
        "cublas_TFLOP_s": {"float32": 50.0, "float16": 700.0},
        "kernels": [
            {"kernel": "matmul_tensor_core", "size": "4096 x 4096", "milliseconds": 0.4, "rate": 350.0,
             "unit": "TFLOP/s", "share": 0.5, "torch_milliseconds": None, "cupy_milliseconds": 0.2},
        ],
    }  # fmt: skip
    assert "50.0 TFLOP/s in fp32 and 700.0 in half precision" in kernel_gpu.table(measured)[0]
    assert "350.0 TFLOP/s" in kernel_gpu.table(measured)[1]
    assert "50%" in kernel_gpu.table(measured)[1]


def test_a_student_edition_has_no_kernels_of_lab_4_to_measure(monkeypatch, tmp_path):
    assert len(lab4.sources()) == 5
    stub = tmp_path / "stub.ipynb"
    cell = {"cell_type": "code", "source": ["%%cuda softmax_backward\n", "// Lab4.3: your code here"]}
    stub.write_text(json.dumps({"cells": [cell]}), "utf-8")
    monkeypatch.setattr(lab4, "_NOTEBOOK", stub)
    lab4.sources.cache_clear()
    try:
        assert fused(6, 40) == []
    finally:
        lab4.sources.cache_clear()
