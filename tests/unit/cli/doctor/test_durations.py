"""Durations for people."""

from __future__ import annotations

import pytest

from seeker_leads_cli.doctor.durations import in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (86_399, "23 h 59 min"),
        (90_000, "1 d 1 h"),
        (30 * 86_400, "30 d"),
    ],
)
def test_two_largest_units(seconds: float, words: str) -> None:
    """A duration is shown in its two largest units that are not 0."""
    assert in_words(seconds) == words
