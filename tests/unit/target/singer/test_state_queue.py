from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from target_seeker_leads.singer.state_queue import StateQueue


def test_state_waits_for_all_records_before_it() -> None:
    """A STATE is passed on as soon as the last record before it is settled, in whatever order they are."""
    passed: list[int] = []
    queue = StateQueue(passed.append)
    first, second = queue.record(), queue.record()
    queue.state(1)
    third = queue.record()
    queue.state(2)
    queue.settled(third)
    queue.settled(second)
    assert passed == []
    queue.settled(first)
    assert passed == [2]


def test_state_with_nothing_before_it_passes_at_once() -> None:
    """If no record is open, a STATE does not wait."""
    passed: list[int] = []
    queue = StateQueue(passed.append)
    queue.state(1)
    queue.settled(queue.record())
    queue.state(2)
    assert passed == [1, 2]


@given(st.lists(st.sampled_from(["record", "state", "settle"])), st.randoms())
def test_passed_state_never_covers_an_open_record(steps: list[str], rng: object) -> None:
    """In any order of input and settling, a STATE that is passed on covers settled records only, and none is late."""
    passed: list[int] = []
    queue = StateQueue(passed.append)
    tickets = []  # (ticket, number of STATEs before it)
    open_tickets = []
    states = 0
    for step in steps:
        if step == "record":
            open_tickets.append((queue.record(), states))
        elif step == "state":
            states += 1
            queue.state(states)
        elif open_tickets:
            ticket, before = open_tickets.pop(rng.randrange(len(open_tickets)))  # type: ignore[attr-defined]
            queue.settled(ticket)
            tickets.append((ticket, before))
        allowed = min((before for _, before in open_tickets), default=states)
        assert (passed[-1] if passed else 0) == allowed
    assert passed == sorted(set(passed))


def test_slow_reader_of_states_does_not_block_settling() -> None:
    """While one STATE is being written, records are taken and settled; the latest of the STATEs meanwhile follows."""
    is_writing, may_go_on = threading.Event(), threading.Event()
    passed: list[int] = []

    def pass_on(value: int) -> None:
        is_writing.set()
        assert may_go_on.wait(10)
        passed.append(value)

    queue = StateQueue(pass_on)
    writer = threading.Thread(target=queue.state, args=(1,))
    writer.start()
    assert is_writing.wait(10)
    for value in (2, 3):
        queue.settled(queue.record())
        queue.state(value)
    assert passed == []
    may_go_on.set()
    writer.join(10)
    assert passed == [1, 3]
