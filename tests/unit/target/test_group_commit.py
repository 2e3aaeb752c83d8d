from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_seeker_leads.group_commit import GroupCommit
from tests.queued_operations import count_queued, wait_until_queued

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future


class Log:
    """Commits numbers; the result of each is twice the number."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.error: BaseException | None = None

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.groups.append(list(numbers))
        if self.error:
            error, self.error = self.error, None
            raise error
        return [2 * number for number in numbers]


def submit_at_once(group: GroupCommit[int, int], numbers: range) -> list[Future[int]]:
    """Submit each number from its own thread while no commit can begin."""
    with ThreadPoolExecutor(len(numbers)) as pool:
        with group.paused():
            queued = count_queued(group)
            futures = [pool.submit(group.submit, number) for number in numbers]
            wait_until_queued(queued, len(numbers))
        return futures


def test_waiting_callers_share_a_commit() -> None:
    """Operations that wait for the same commit are committed together, and each caller gets its own result."""
    log = Log()
    futures = submit_at_once(GroupCommit(log), range(50))
    assert [future.result() for future in futures] == [2 * number for number in range(50)]
    assert [sorted(group) for group in log.groups] == [list(range(50))]


def test_groups_are_bounded() -> None:
    """No group is larger than allowed, and no operation is left over."""
    log = Log()
    submit_at_once(GroupCommit(log, max_operations=20), range(50))
    assert [len(group) for group in log.groups] == [20, 20, 10]


def test_error_reaches_the_whole_group_and_no_other() -> None:
    """Every caller of a failed group gets the error; the next group is committed."""
    log = Log()
    group = GroupCommit[int, int](log)
    log.error = OSError("disk")
    for future in submit_at_once(group, range(10)):
        assert isinstance(future.exception(), OSError)
    assert group.submit(7) == 14
    assert len(log.groups) == 2


def test_wrong_number_of_results_is_an_error() -> None:
    """If a commit returns too few results, every caller still gets an error."""
    group = GroupCommit[int, int](lambda _: [])
    with pytest.raises(ValueError, match="shorter"):
        group.submit(1)


def test_interrupt_of_the_leader_frees_the_others() -> None:
    """If a signal's exception ends a commit, the callers that wait for it end too, instead of hanging."""
    log = Log()
    log.error = KeyboardInterrupt()
    group = GroupCommit[int, int](log)
    caught = []

    def submit() -> None:
        try:
            group.submit(1)
        except KeyboardInterrupt as error:
            caught.append(error)

    threads = [threading.Thread(target=submit) for _ in range(5)]
    with group.paused():
        queued = count_queued(group)
        for thread in threads:
            thread.start()
        wait_until_queued(queued, 5)
    for thread in threads:
        thread.join()
    assert len(caught) == 5


@given(threads=st.integers(min_value=1, max_value=8), each=st.integers(min_value=1, max_value=20))
def test_nothing_is_lost_or_done_twice(threads: int, each: int) -> None:
    """However threads interleave, each operation is committed once, and those of one caller in order."""
    log = Log()
    group = GroupCommit[int, int](log, max_operations=3)

    def work(thread: int) -> None:
        for number in range(thread * each, (thread + 1) * each):
            assert group.submit(number) == 2 * number

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    committed = [number for numbers in log.groups for number in numbers]
    assert sorted(committed) == list(range(threads * each))
    for thread in range(threads):
        own = [number for number in committed if number // each == thread]
        assert own == sorted(own)
