from __future__ import annotations

from tests.mutants.subject.seats import is_free


def test_seat_is_free_in_an_empty_room() -> None:
    """Does not say what happens at the most."""
    assert is_free(0, 2)
    assert not is_free(3, 2)
