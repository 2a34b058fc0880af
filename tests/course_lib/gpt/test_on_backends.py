"""A training step of the transformer on every backend of the engine, beside NumPy's."""

import numpy as np
import pytest

from course_lib import seeds
from course_lib.autodiff import functional
from course_lib.gpt.transformer import DecoderLM
from tests.course_lib.autodiff.test_backends import BACKENDS
from tests.course_lib.gpt.torchs import started

WIDTH, HEADS, HIDDEN = 24, 3, 40


def random(*names):
    return seeds.stream("gpt", "test_on_backends", *names)


# A GPU day finds its tests by this word: BACKENDS brings pytest.mark.gpu.
OTHERS = [
    pytest.param(make, marks=marks, id=name) for name, (make, marks) in BACKENDS.items() if name != "numpy"
]


@pytest.mark.parametrize("other", OTHERS)
def test_one_step_on_another_backend_has_numpys_gradients(other):
    ids, targets = random("ids").integers(0, 31, (4, 7)), random("targets").integers(-1, 31, (4, 7))

    def gradients(backend=None):
        model = started(DecoderLM(31, 9, WIDTH, HEADS, 2, HIDDEN, rng=random()), np.float32)
        if backend is not None:
            model.to(backend)
        loss = functional.cross_entropy(model(ids), targets, ignore_index=-1)
        loss.backward()
        return loss.item(), {name: p.grad.numpy() for name, p in model.named_parameters()}

    loss, expected = gradients()
    given_loss, given = gradients(other())
    assert given_loss == pytest.approx(loss, rel=1e-5)
    for name, gradient in given.items():
        # A key's bias has gradient 0 but for rounding.
        scale = expected[name.replace("key.bias", "query.bias")]
        assert np.linalg.norm(gradient - expected[name]) <= 1e-5 * np.linalg.norm(scale), name
