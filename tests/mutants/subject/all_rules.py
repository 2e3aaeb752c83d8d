from __future__ import annotations

from tests.mutants.subject.seats import is_free


def test_seat_is_free_below_the_most() -> None:
    """There is a seat left as long as fewer than the most are taken."""
    assert is_free(0, 2)
    assert not is_free(2, 2)
    assert not is_free(3, 2)
