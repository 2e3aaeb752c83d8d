"""How much may change without `--yes`."""

from __future__ import annotations

import pytest

from seeker_leads_cli.retention.confirmation import refusal
from seeker_leads_cli.retention.findings import Findings


def findings(rows: int, newly_erased: int) -> Findings:
    return Findings(rows, 0, 0, newly_erased, newly_erased, newly_erased, 0, 0, 0, None, None)


@pytest.mark.parametrize(
    ("rows", "newly_erased", "gone", "words"),
    [
        (0, 0, 0, None),
        (100, 25, 5, None),
        (100, 26, 0, "26 of 100 rows are newly erased, more than 25%"),
        (100, 0, 6, "6 of 100 rows are gone from the API, more than 5%"),
        (3, 1, 0, "1 of 3 rows"),
    ],
)
def test_bounds(rows: int, newly_erased: int, gone: int, words: str | None) -> None:
    """Exactly a quarter newly erased, or a twentieth gone, is accepted; one more needs `--yes`."""
    reason = refusal(findings(rows, newly_erased), gone=gone)
    assert reason is None if words is None else words in str(reason)
