from __future__ import annotations

from typing import Any

import pytest

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads.settings import TAP_SETTINGS, TapSettings

NOW = 1_795_420_800  # 2026-11-23T08:00:00Z
DAY_SECONDS = 86_400


def parse(**config: Any) -> TapSettings:
    return TapSettings.from_config({"auth_token": "x"} | config, now=NOW)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"start_date": "yesterday"}, ["`start_date`", "ISO 8601"]),
        ({"end_date": "2026-02-30"}, ["`end_date`", "ISO 8601"]),
        ({"start_date": 20260101}, ["`start_date`", "string"]),
        ({"start_date": "2026-02-01", "end_date": "2026-01-01"}, ["`start_date`", "`end_date`", "earlier"]),
        ({"start_date": "2026-02-01", "end_date": "2026-02-01"}, ["`start_date`", "`end_date`"]),
        ({"start_date": "2027-01-01"}, ["`start_date`", "future"]),
        ({"end_date": "2020-01-01"}, ["`end_date`", "`start_date`", "3 years"]),
        ({"auth_token": "abc\ndef"}, ["`auth_token`", "ASCII"]),
        ({"auth_token": "abc é"}, ["`auth_token`", "ASCII"]),
        ({"window_days": 0}, ["`window_days`", "1 to 7"]),
        ({"window_days": 8}, ["`window_days`", "1 to 7"]),
        ({"page_size": 0}, ["`page_size`", "1 to 100"]),
        ({"page_size": 101}, ["`page_size`", "1 to 100"]),
        ({"page_size": "50"}, ["`page_size`", "whole number"]),
        ({"lookback_seconds": -1}, ["`lookback_seconds`", "at least 0"]),
    ],
)
def test_wrong_tap_setting_is_named_with_its_cure(config: dict[str, Any], named: list[str]) -> None:
    """A wrong setting raises an error of one line that names it and says what is valid."""
    with pytest.raises(SettingsError) as caught:
        parse(**config)
    assert all(word in str(caught.value) for word in named)


def test_default_start_is_the_legal_life_of_a_lead() -> None:
    """Without `start_date`, the tap reads everything that may still exist: three years."""
    settings = parse()
    assert (settings.start, settings.end) == (NOW - 3 * 365 * DAY_SECONDS, NOW)


def test_end_is_never_in_the_future() -> None:
    """An `end_date` in the future counts as now, since later leads do not exist yet."""
    assert parse(end_date="2030-01-01").end == NOW
    assert parse(end_date="2026-01-01").end < NOW


def test_defaults_are_the_apis_limits() -> None:
    """By default, a request asks for as much as the API allows."""
    settings = parse()
    assert (settings.window_seconds, settings.page_size, settings.lookback_seconds) == (7 * DAY_SECONDS, 100, 7200)


def test_every_tap_setting_is_described() -> None:
    """Each setting has a title and a description."""
    assert all(declaration["title"] and declaration["description"] for declaration in TAP_SETTINGS.values())
