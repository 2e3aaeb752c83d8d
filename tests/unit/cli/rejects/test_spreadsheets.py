from __future__ import annotations

import pytest

from seeker_leads_cli.rejects.spreadsheets import is_as_saved


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("a\r\nb", "a\nb"),
        ("a\nb", "a\r\nb"),
        ("Łukasz", "?ukasz"),
        ("Merci 🙂", "Merci ??"),
        ("0639980001", "639980001"),
        ("06000", "6000"),
        ("'+33639980001", "33639980001"),
        ("64.50", "64,5"),
        ("64.0", "64"),
        ("33639980001234567", "3,36399800012346E+16"),
        ("33639980001", "3.364E+10"),
        ("true", "VRAI"),
        ("false", "FALSE"),
        ("2026-11-05 14:30", "05/11/2026 14:30"),
        ("2026-11-05 14:30:20", "05/11/2026 14:30"),
        ("2026-11-05 14:30:20", "05/11/2026 14:30:20"),
        ("2026-11-05", "05/11/2026"),
        ("2026-11-05 14:30", "11/5/2026 14:30"),
        ("2026-11-05 14:30", "2026-11-05T14:30:00"),
    ],
)
def test_changes_by_the_spreadsheet_are_recognised(written: str, found: str) -> None:
    """A change by the spreadsheet program is not a correction."""
    assert is_as_saved(written, found)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("639980001", "0639980001"),
        ("0639980001", "639980002"),
        ("Lukasz", "?ukasz"),
        ("luc(at)example.org", "luc@example.org"),
        (" luc@example.org", "luc@example.org"),
        ("luc\u200b@example.org", "luc@example.org"),
        ("64.50", "65"),
        ("33639980001", "3.365E+10"),
        ("true", "false"),
        ("2026-11-05 14:30", "06/11/2026 14:30"),
        ("2026-11-05 14:30", "05/11/2026"),
        ("2026-11-05T14:30:00+01:00", "2026-11-05 14:30"),
        ("", "?"),
        ("5", "5E+99999999999999999999"),
        ("0" * 100_000 + "x", "0"),
        ("5", ""),
    ],
)
def test_other_changes_are_corrections(written: str, found: str) -> None:
    """Any other change is a correction, such as a leading 0 that is added to a phone number."""
    assert not is_as_saved(written, found)
