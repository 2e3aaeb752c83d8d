from __future__ import annotations

import itertools

import pytest

from seeker_leads_api.private_files import wait_for_lock


def test_lock_is_tried_until_it_is_acquired() -> None:
    """The first true result is returned; there is one wait between two attempts."""
    slept: list[float] = []
    answers = iter([None, False, "lock", "never asked for"])
    assert wait_for_lock(lambda: next(answers), timeout_seconds=1, clock=lambda: 0, sleep=slept.append) == "lock"
    assert len(slept) == 2


def test_lock_is_tried_once_whatever_the_time_out() -> None:
    """A time-out ends the wait for a lock, but the first attempt is always made."""
    clock = itertools.count()
    assert wait_for_lock(lambda: "lock", timeout_seconds=-1, clock=lambda: next(clock)) == "lock"
    assert (
        wait_for_lock(
            lambda: False, timeout_seconds=-1, clock=lambda: next(clock), sleep=lambda _: pytest.fail("slept")
        )
        is False
    )
