"""The real server: its decoder's answers are those of requests served alone, its times the simulator's."""

import numpy as np
import pytest

from course_lib.kv_cache import ContiguousCache, Decoder, decoder_shape, generate
from course_lib.serving import Continuous, Greedy, Static, StepCost, Timeout, Trace, live, simulate
from course_lib.serving.trace import lognormal
from course_lib.training import one_thread

POLICIES = [Static(4), Timeout(4, 3.5), Greedy(3), Continuous(1), Continuous(5)]
LENGTHS = lognormal(6, 5, 1.0)
TRACES = [Trace.poisson(0.3, 22, LENGTHS, seed=3), Trace.closed(5, 9.0, 4, LENGTHS, seed=4)]


@pytest.fixture(scope="module")
def decoder():
    return Decoder(decoder_shape(layers=2, width=32, heads=2, vocabulary=64), context=256)


def every_step_a_second(work):
    return work(), 1.0


@pytest.mark.parametrize("trace", TRACES, ids=["open", "closed"])
@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_with_steps_of_one_second_the_servers_times_are_the_simulators(decoder, policy, trace):
    (served,) = live.serve([live.Server(decoder, trace, policy, every_step_a_second)])
    served.result.check()
    expected = simulate(trace, policy, StepCost(1.0))
    for name in ("queued", "started", "first_token", "finished"):
        got = getattr(served.result, name)
        np.testing.assert_allclose(got, getattr(expected, name), atol=1e-9, err_msg=name)
    for name in ("steps", "tokens", "padding"):
        assert getattr(served.result, name) == getattr(expected, name), name


@pytest.mark.parametrize("policy", [Greedy(3), Continuous(5)], ids=str)
@one_thread()
def test_a_request_gets_the_answer_it_would_get_alone(decoder, policy):
    trace = TRACES[0]
    server = live.Server(decoder, trace, policy, every_step_a_second)
    (served,) = live.serve([server])
    for request, answer in served.answers.items():
        cache = ContiguousCache(decoder.shape, 256)
        assert answer == generate(decoder, server.prompt(request), int(trace.output_tokens[request]), cache)


@pytest.mark.parametrize("policy", [Timeout(4, 3.5), Continuous(5)], ids=str)
def test_what_a_step_did_is_what_the_simulator_charges_for(decoder, policy):
    """The same coefficients give the same times: the features count what a step's cost multiplies."""
    cost = StepCost(0.5, 0.25, 0.0625, 0.125, 0.03125)

    def charged(work):
        tokens = work()
        decoding = [seat for seat in server.seats if seat.answer]
        fresh = [seat for seat in server.seats if not seat.answer]
        read = sum(seat.cache.length for seat in decoding)
        return tokens, cost.seconds(len(decoding), read, sum(len(seat.tokens) for seat in fresh))

    server = live.Server(decoder, TRACES[0], policy, charged)
    (served,) = live.serve([server])
    np.testing.assert_allclose(served.result.latency, simulate(TRACES[0], policy, cost).latency)
    found = StepCost.fit(served.features, served.seconds)
    np.testing.assert_allclose([found.s0, found.s1, found.s2, found.p0, found.p1],
                               [cost.s0, cost.s1, cost.s2, cost.p0, cost.p1], rtol=1e-6)  # fmt: skip


def test_of_several_servers_the_one_whose_clock_is_behind_goes_next(decoder):
    """So that a slow moment of the machine is at the same time on all clocks."""
    order = []

    def taking(seconds):
        def stopwatch(work):
            order.append((seconds, slow.now, fast.now))
            return work(), seconds

        return stopwatch

    slow, fast = (live.Server(decoder, TRACES[0], Continuous(5), taking(s)) for s in (3.0, 0.5))
    live.serve([slow, fast])
    both = [(seconds, a, b) for seconds, a, b in order if a < slow.now and b < fast.now]
    assert len(both) > 100
    assert all(a <= b if seconds == 3.0 else b <= a for seconds, a, b in both)


def test_judging_compares_each_policy_with_its_own_prediction(decoder):
    policies = {"greedy": Greedy(3), "continuous": Continuous(3)}
    judged = live.judge(decoder, policies, TRACES[1], TRACES[0])
    for name, policy in policies.items():
        assert judged.served[name].result.served.all()
        assert judged.served[name].log.output_tokens.sum() == TRACES[0].output_tokens.sum()
        again = simulate(TRACES[0], policy, judged.cost)
        np.testing.assert_array_equal(judged.predicted[name].finished, again.finished)


def test_what_this_server_cannot_do_is_named(decoder):
    with pytest.raises(ValueError, match="chunk must be None, not 8"):
        live.Server(decoder, TRACES[0], Continuous(2, chunk=8))
    with pytest.raises(ValueError, match="context of 256"):
        live.Server(decoder, Trace([0.0], [200], [100]), Continuous(2))
