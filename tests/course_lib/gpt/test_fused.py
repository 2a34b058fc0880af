"""A model with fused kernels: the logits, gradients and losses of the model without, in fewer launches."""

import numpy as np
import pytest

from course_lib import seeds
from course_lib.autodiff.backends.counted import Counted
from course_lib.autodiff.backends.numpy import NUMPY
from course_lib.autodiff.functional import cross_entropy
from course_lib.autodiff.fused import ROW_FLOATS, FusedKernels
from course_lib.autodiff.optimizers import SGD
from course_lib.gpt.fused import FusedLM
from course_lib.gpt.training import train
from course_lib.gpt.transformer import DecoderLM
from tests.kernels import lab4

pytestmark = pytest.mark.needs("compiler")
LAYERS = 2


@pytest.fixture(scope="module")
def kernels() -> FusedKernels:
    return FusedKernels([lab4.source(name) for name in ROW_FLOATS], "host")


def _model() -> DecoderLM:
    return DecoderLM(50, 40, 32, 4, LAYERS, rng=seeds.stream("fused", "model"))


def _rows(tokens: int = 12) -> tuple[np.ndarray, np.ndarray]:
    ids = seeds.stream("fused", "ids").integers(0, 50, (4, tokens + 1))
    return ids[:, :-1], ids[:, 1:]


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("tokens", [12, 40])
def test_logits_and_gradients_are_the_models(kernels, causal, tokens):
    ids, targets = _rows(tokens)
    model, gradients = _model(), []
    logits = [each(ids, causal) for each in (model, FusedLM(model), FusedLM(model, kernels))]
    for each in logits:
        model.zero_grad()
        cross_entropy(each, targets).backward()
        gradients.append(np.concatenate([p.grad.numpy().ravel() for p in model.parameters()]))
    for each, gradient in zip(logits[1:], gradients[1:], strict=True):
        np.testing.assert_allclose(each.numpy(), logits[0].numpy(), atol=1e-5)
        assert np.linalg.norm(gradient - gradients[0]) < 1e-5 * np.linalg.norm(gradients[0])


def test_ten_steps_of_sgd_have_the_same_losses(kernels):
    ids, targets = _rows()
    losses = []
    for fused in (None, kernels):
        model = _model()
        network, stepper = FusedLM(model, fused), SGD(model.parameters(), 0.5)
        losses.append([])
        for _ in range(10):
            loss = cross_entropy(network(ids), targets)
            stepper.zero_grad()
            loss.backward()
            stepper.step()
            losses[-1].append(loss.item())
    np.testing.assert_allclose(*losses, rtol=1e-5)
    assert losses[0][-1] < losses[0][0] - 0.1  # it has learned something


def test_the_trainer_of_lab_3_has_the_same_losses(kernels):
    ids, targets = _rows()
    losses = [
        train(FusedLM(_model(), fused), ids, targets, steps=10, batch=4, warmup=5, progress=False).loss
        for fused in (None, kernels)
    ]
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_a_layer_takes_three_launches_forward_and_three_backward_where_a_chain_takes_many(kernels):
    ids, targets = _rows()
    kernels.launches.clear()
    launches = []
    for fused in (None, kernels):
        counted = Counted(NUMPY)
        model = _model().to(counted)
        loss = cross_entropy(FusedLM(model, fused)(ids), targets)
        forward = counted.launches.total()
        loss.backward()
        launches.append((forward, counted.launches.total() - forward))
    assert kernels.launches == {
        "attention_softmax_short": LAYERS, "residual_layernorm": 2 * LAYERS,
        "softmax_backward": LAYERS, "layernorm_backward": 2 * LAYERS,
    }  # fmt: skip
    (chain_forward, chain_backward), (others_forward, others_backward) = launches
    assert (chain_forward - others_forward) // LAYERS >= 25
    assert (chain_backward - others_backward) // LAYERS >= 20
