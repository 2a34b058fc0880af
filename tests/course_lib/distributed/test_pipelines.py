"""Real stages find the gradients of one process, keep what the schedule says, and idle as it is played."""

import pytest
from torch import nn

from course_lib.distributed import pipelines
from course_lib.distributed.schedules import KINDS, schedule
from course_lib.distributed.simulation import simulate
from course_lib.distributed.stages import PipelineStage as OurStage
from course_lib.ranks.processes import RankEnded, Ranks
from tests.course_lib.ranks.test_processes import gone

STAGE = """
class PipelineStage:
    def __init__(self, module, tokens):
        self.module, self.tokens, self.kept = module, tokens, {}

    def forward(self, m, x, targets=None):
        if x.is_floating_point():
            x = x.detach().requires_grad_()
        y = self.module(x)
        if targets is not None:
            y = functional.cross_entropy(
                y.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum"
            ) / self.tokens
        self.kept[m] = x, y
        return y.detach() if targets is None else float(y)

    def backward(self, m, gradient=None):
        x, y = self.kept.pop(m)
        torch.autograd.backward(y, gradient)
        return x.grad if x.is_floating_point() else None
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stages", [2, 4])
def test_gradients_are_those_of_one_process_and_microbatches_kept_those_of_the_schedule(ranks, stages, kind):
    microbatches = 8
    run = pipelines.run(ranks, schedule(stages, microbatches, kind))
    assert 0 < run.difference <= 1e-6
    assert run.loss == pytest.approx(pipelines.one_process(microbatches, repeats=1).loss, rel=1e-6)
    kept = [microbatches if kind == "gpipe" else min(microbatches, stages - s) for s in range(stages)]
    assert run.kept == kept
    if kind == "1f1b":
        assert run.kept_bytes[0] > run.kept_bytes[1]


def test_fewer_microbatches_than_stages_are_right_as_well(ranks):
    run = pipelines.run(ranks, schedule(4, 2, "1f1b"), sequences=3)
    assert run.difference <= 1e-6
    assert run.kept == [2, 2, 2, 1]


def test_a_stage_of_ones_own_runs_by_its_text_and_wrong_ones_are_found(ranks):
    orders = schedule(4, 4, "1f1b")
    assert pipelines.run(ranks, orders, stage=STAGE).difference <= 1e-6
    undivided = STAGE.replace("/ self.tokens", "/ (targets != -1).sum()")
    assert pipelines.run(ranks, orders, stage=undivided).difference > 0.1
    last_only = STAGE.replace("torch.autograd", "self.module.zero_grad(); torch.autograd")
    assert pipelines.run(ranks, orders, stage=last_only).difference > 0.1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("forward", "backward", "message"),
    [
        (0.06, 0.12, 0.0),
        pytest.param(0.06, 0.12, 0.03, marks=pytest.mark.slow),
        pytest.param([0.04, 0.08] * 2, 0.1, 0.0, marks=pytest.mark.slow),
    ],
)
def test_paced_stages_idle_as_the_simulation_says(ranks, kind, forward, backward, message):
    orders = schedule(4, 8, kind)
    run = pipelines.run(ranks, orders, forward=forward, backward=backward, message=message, repeats=3)
    assert run.idle == pytest.approx(simulate(orders, forward, backward, message).idle, abs=0.06)
    assert [[(letter, m) for letter, m, *_ in spells] for spells in run.spells] == orders
    assert min(start for spells in run.spells for _, _, start, _ in spells) == 0


@pytest.mark.slow
def test_with_messages_of_half_a_forward_1f1b_takes_longer_on_real_stages_too(ranks):
    gpipe, other = (
        pipelines.run(
            ranks, schedule(4, 16, kind), forward=0.04, backward=0.08, message=0.02, repeats=3
        ).seconds
        for kind in ("gpipe", "1f1b")
    )
    assert other / gpipe == pytest.approx(71 / 60, rel=0.08)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            ("return y.detach() if", "return None if"),
            r"rank 0 ended: ValueError: PipelineStage.forward\(0, x\) of stage 0 must return a float32 "
            r"tensor of shape \(2, 32, 64\), not NoneType",
        ),
        (("else float(y)", "else y"), r"rank 1 ended: ValueError: PipelineStage.forward\(0, x, targets\).*"),
        (
            ("self.kept.pop(m)", "self.kept.pop(m + 1)"),
            r"rank 1 ended: KeyError: 2, in line 2 of backward: x, y = self.kept.pop\(m \+ 1\)",
        ),
        (("class PipelineStage", "class Stage"), r"rank \d ended: ValueError: .* defines no PipelineStage"),
        (("def forward", "def forward:"), r"rank \d ended: SyntaxError: .*"),
    ],
)
def test_a_stage_that_goes_wrong_is_told_in_one_line(change, line):
    ranks = Ranks(2, progress=False)
    pids = ranks.pids
    with pytest.raises(RankEnded, match=rf"^{line}$"):
        pipelines.run(ranks, schedule(2, 2, "gpipe"), stage=STAGE.replace(*change))
    assert gone(pids)


class PipelineStage(nn.Module):
    """A student's class, given itself instead of its text."""

    def __init__(self, module, tokens):
        super().__init__()
        self.own = OurStage(module, tokens)

    def forward(self, m, x, targets=None):
        return self.own.forward(m, x, targets)

    def backward(self, m, gradient=None):
        return self.own.backward(m, gradient)


def test_a_class_is_sent_by_its_text(ranks):
    assert pipelines.run(ranks, schedule(2, 2, "1f1b"), stage=PipelineStage).difference <= 1e-6


@pytest.mark.parametrize(
    ("orders", "options", "line"),
    [
        (schedule(5, 2, "gpipe"), {}, "5 stages need as many ranks"),
        (schedule(2, 2, "gpipe"), {"message": -1}, "message must be at least 0"),
        (schedule(2, 2, "gpipe"), {"forward": [1, 2, 3]}, "forward must be one number"),
        (schedule(2, 2, "gpipe"), {"repeats": 0}, "repeats must be at least 1"),
        ([[("F", 0), ("B", 0)], [("B", 0), ("F", 0)]], {}, "never ends"),
        ([[("F", 0)], [("F", 0)]], {}, "B0 is missing at stage 0"),
    ],
)
def test_what_cannot_run_is_refused_before_it_does(ranks, orders, options, line):
    with pytest.raises(ValueError, match=line):
        pipelines.run(ranks, orders, **options)
    assert pipelines.run(ranks, schedule(2, 1, "gpipe")).difference <= 1e-6
