from __future__ import annotations

from tests.mutants.subject.seats import is_free


def test_wrong_rule() -> None:
    """Fails without a mutant."""
    assert is_free(2, 2)
