"""The order in which torch.distributed.pipelining runs a stage: its schedule, on a stage that only notes."""


class NotingStage:
    """Has what a schedule asks of a stage, sends nothing, and notes what it is told to do."""

    group_rank = 0
    is_first = is_last = False
    has_backward = True

    def __init__(self, stage: int, stages: int):
        self.stage_index, self.num_stages, self.noted = stage, stages, []

    def forward_one_chunk(self, m, *_, **__):
        self.noted.append(("F", m))

    def backward_one_chunk(self, m, **_):
        self.noted.append(("B", m))

    def get_fwd_recv_ops(self, m):
        return []

    get_fwd_send_ops = get_bwd_recv_ops = get_bwd_send_ops = get_fwd_recv_ops

    def perform_reduce_grad(self, factor):
        pass


def _schedule(kind: str, stage: NotingStage, microbatches: int):
    from torch.distributed import pipelining  # takes a second to import, in each worker that collects

    named = {"gpipe": pipelining.ScheduleGPipe, "1f1b": pipelining.Schedule1F1B}
    return named[kind](stage, microbatches)


def order_at_runtime(kind: str, stage: int, stages: int, microbatches: int) -> list[tuple[str, int]]:
    """What torch's schedule has a stage do, one after the other."""
    noting = NotingStage(stage, stages)
    schedule = _schedule(kind, noting, microbatches)
    schedule._initialize_stage = lambda *_: None
    schedule._step_microbatches([()] * microbatches, [{}] * microbatches)
    return noting.noted


def printed_order(kind: str, stages: int, microbatches: int) -> list[list[tuple[str, int]]]:
    """What torch says of the same schedule, a list a stage, without the pauses."""
    schedule = _schedule(kind, NotingStage(0, stages), microbatches)
    letters = {"FORWARD": "F", "FULL_BACKWARD": "B"}
    return [
        [
            (letters[action.computation_type.name], action.microbatch_index)
            for action in actions
            if action is not None and action.computation_type.name in letters
        ]
        for _, actions in sorted(schedule._get_pipeline_order().items())
    ]
