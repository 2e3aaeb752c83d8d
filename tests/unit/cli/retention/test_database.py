"""How the name of a table is parsed."""

from __future__ import annotations

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.retention.database import split_name


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("leads", ["leads"]),
        ("seeker_leads.leads", ["seeker_leads", "leads"]),
        (' "a.b"."c""d" ', ["a.b", 'c"d']),
        ('a."B c"', ["a", "B c"]),
    ],
)
def test_names_of_tables(written: str, parts: list[str]) -> None:
    """A part in double quotes may contain any character."""
    assert split_name(written) == parts


@pytest.mark.parametrize("written", ["", ".", "a.", ".a", "a.b.c", 'a"b', '"a', '""', '"a"b'])
def test_other_names_are_refused(written: str) -> None:
    """No other form is guessed."""
    with pytest.raises(SettingsError, match="`table`: write"):
        split_name(written)
