"""A budget counts exactly and refuses in time."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.kv_cache import Budget, OutOfMemory


@given(steps=st.lists(st.tuples(st.sampled_from("ab"), st.integers(-60, 60)), max_size=40))
def test_what_is_held_is_what_was_taken_less_what_was_given(steps):
    budget, held = Budget(100), {"a": 0, "b": 0}
    for name, nbytes in steps:
        if nbytes >= 0 and nbytes <= 100 - sum(held.values()):
            budget.take(name, nbytes)
            held[name] += nbytes
        elif nbytes >= 0:
            with pytest.raises(OutOfMemory):
                budget.take(name, nbytes)
        elif -nbytes <= held[name]:
            budget.give(name, -nbytes)
            held[name] += nbytes
        else:
            with pytest.raises(ValueError, match="cannot give back"):
                budget.give(name, -nbytes)
        assert {name: budget.holdings.get(name, 0) for name in held} == held
        assert budget.used + budget.free == 100
        assert budget.used <= budget.peak <= 100


def test_the_refusal_says_who_needs_what_and_who_holds_the_rest():
    budget = Budget(1000)
    budget.take("weights", 900)
    with pytest.raises(OutOfMemory, match=r"KV cache needs 101 bytes more, but 100 of 1,000 .*weights 900"):
        budget.take("KV cache", 101)


@pytest.mark.parametrize("wrong", [lambda: Budget(-1), lambda: Budget(1).take("x", -1)])
def test_negative_sizes_are_refused(wrong):
    with pytest.raises(ValueError, match="at least 0"):
        wrong()


def test_on_a_cpu_the_count_is_the_limit():
    with Budget(8).enforced() as budget, pytest.raises(OutOfMemory):
        budget.take("weights", 9)


@pytest.mark.needs("gpu")
def test_on_a_gpu_the_allocator_refuses_as_well_and_is_free_again_afterwards():
    budget = Budget(256 * 2**20, "cuda")
    with pytest.raises(OutOfMemory, match="allocator refused"), budget.enforced():
        torch.empty(2**30, dtype=torch.uint8, device="cuda")
    torch.empty(2**30, dtype=torch.uint8, device="cuda")
