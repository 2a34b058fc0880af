"""Who is next: everybody's first before anybody's second, whoever came first, and nobody for ever last."""

from hypothesis import given
from hypothesis import strategies as st

from autograder.watch.turns import Job, Turns

NAMES = ("ada", "bob", "eve")


def job(student: str, assignment: str = "q00") -> Job:
    return Job(student, assignment, f"{student}-{assignment}", "", "")


def served(turns: Turns) -> list[str]:
    found = []
    while order := turns.order():
        turns.begin(order[0])
        found.append(order[0].ticket)
    return found


def test_a_students_second_waits_behind_everybodys_first():
    turns = Turns()
    for one in (job("ada", "q00"), job("ada", "q01"), job("ada", "q02"), job("bob"), job("eve")):
        turns.add(one)
    assert served(turns) == ["ada-q00", "bob-q00", "eve-q00", "ada-q01", "ada-q02"]


def test_who_was_served_while_others_wait_comes_after_those_who_were_not():
    turns = Turns()
    turns.add(job("ada"))
    turns.add(job("bob"))
    turns.begin(turns.order()[0])
    turns.add(job("ada", "q01"))
    turns.add(job("eve"))
    assert served(turns) == ["bob-q00", "eve-q00", "ada-q01"]


def test_when_nobody_waits_all_begin_anew():
    turns = Turns()
    turns.add(job("ada"))
    served(turns)
    turns.rest()
    turns.add(job("ada", "q01"))
    turns.add(job("bob"))
    assert served(turns) == ["ada-q01", "bob-q00"]


def test_a_newer_one_takes_the_place_of_the_one_that_waits():
    turns = Turns()
    first, second = job("ada"), job("ada")
    turns.add(first)
    turns.add(job("bob"))
    turns.add(second)
    assert turns.order()[0] is second
    assert len(turns.waiting) == 2


def test_who_had_a_turn_in_vain_keeps_place_and_turn():
    turns = Turns()
    turns.add(job("ada"))
    turns.add(job("bob"))
    one = turns.order()[0]
    turns.begin(one)
    turns.back(one)
    assert served(turns) == ["ada-q00", "bob-q00"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 5)), max_size=30))
def test_the_order_is_what_is_served_and_no_student_is_two_turns_ahead_of_one_who_waits(arrivals):
    turns = Turns()
    for student, number in arrivals:
        turns.add(job(student, f"q{number:02}"))
    expected = [one.ticket for one in turns.order()]
    found = served(turns)
    assert found == expected
    for place in range(len(found)):
        had = {name: sum(ticket.startswith(name) for ticket in found[: place + 1]) for name in NAMES}
        left = {ticket.split("-")[0] for ticket in found[place + 1 :]}
        assert all(had[found[place].split("-")[0]] <= had[name] + 1 for name in left)
