from __future__ import annotations

import pytest

from seeker_leads_singer.config import unknown_settings


@pytest.mark.parametrize(
    ("name", "guess"),
    [("start_dat", "did you mean `start_date`?"), ("startdate", "did you mean `start_date`?"), ("xyzzy", "unknown")],
)
def test_unknown_setting_is_named_with_the_nearest(name: str, guess: str) -> None:
    """An unknown setting is reported with the one that was probably meant."""
    (warning,) = unknown_settings(["start_date", name], ["start_date", "end_date", "page_size"])
    assert f"`{name}`" in warning
    assert guess in warning


def test_known_settings_cause_no_warning() -> None:
    """A configuration with only declared settings causes no warning."""
    assert unknown_settings(["start_date"], ["start_date", "end_date"]) == []
