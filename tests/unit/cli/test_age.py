from __future__ import annotations

from datetime import timedelta

import click
import pytest

from seeker_leads_cli.age import age


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90d", timedelta(days=90)),
        ("12h", timedelta(hours=12)),
        (" 2w ", timedelta(weeks=2)),
        ("0m", timedelta()),
    ],
)
def test_an_age_is_a_number_and_a_unit(text: str, meant: timedelta) -> None:
    """The units are weeks, days, hours and minutes."""
    assert age(text) == meant


@pytest.mark.parametrize("text", ["90", "d", "-1d", "1.5d", "90 days", "", "999999d", "٣d٣"])
def test_anything_else_is_refused(text: str) -> None:
    """The error shows the correct format."""
    with pytest.raises(click.BadParameter, match="such as 90d"):
        age(text)
