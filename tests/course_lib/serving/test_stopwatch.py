"""Time at the machine's usual pace: a machine that turns slow changes nothing."""

import pytest

from course_lib.kv_cache import Decoder, decoder_shape
from course_lib.serving import stopwatch


@pytest.fixture
def machine(monkeypatch):
    """A clock that a test moves by hand; a reference step takes 2 s times the machine's slowness."""

    class Machine:
        now, slowness = 0.0, 1.0

        def work(self, seconds):
            self.now += seconds * self.slowness
            return "done"

    made, step = Machine(), stopwatch.step

    def slow_step(*args):
        made.work(2.0)
        return step(*args)

    monkeypatch.setattr(stopwatch, "step", slow_step)
    monkeypatch.setattr(stopwatch.time, "thread_time", lambda: made.now)
    return made


@pytest.fixture
def decoder():
    return Decoder(decoder_shape(layers=1, width=16, heads=2, vocabulary=32), context=128)


def test_processor_time_is_what_the_work_took(machine):
    assert stopwatch.processor_time(lambda: machine.work(3.0)) == ("done", 3.0)


def test_work_on_a_slower_machine_takes_the_same_time_at_its_usual_pace(machine, decoder):
    pace = stopwatch.UsualPace(decoder)
    assert pace(lambda: machine.work(3.0)) == ("done", 3.0)
    machine.slowness = 1.5
    pace(lambda: machine.work(3.0))
    assert pace(lambda: machine.work(3.0)) == ("done", pytest.approx(3.0))
    assert stopwatch.processor_time(lambda: machine.work(3.0))[1] == pytest.approx(4.5)


def test_a_change_of_pace_within_the_work_is_met_halfway(machine, decoder):
    pace = stopwatch.UsualPace(decoder)

    def work():
        machine.work(3.0)
        machine.slowness = 2.0
        machine.work(3.0)

    assert pace(work)[1] == pytest.approx((3.0 + 2.0 * 3.0) / 1.5)


def test_the_reference_does_not_grow(machine, decoder):
    """Its sequences stay as long as they are; else it would slow down, and end at the decoder's context."""
    pace = stopwatch.UsualPace(decoder, sequences=2, tokens=8)
    for _ in range(200):
        pace(lambda: None)
    assert {cache.length for cache in pace.caches} == {8}
