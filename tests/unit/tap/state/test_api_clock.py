from __future__ import annotations

from email.utils import formatdate

import pytest

from tap_seeker_leads.state.api_clock import ApiClock, read_date
from tests.tap_runs import NOW


def test_earliest_date_of_a_run_bounds_the_bookmark() -> None:
    """The clocks of servers differ a little: the earliest of their dates counts, in any order."""
    time = ApiClock()
    assert (time.cap(NOW), time.seconds_behind(NOW)) == (NOW, 0)
    for seconds in (-60, -60, -61, None, -59, 3600):
        time.note(None if seconds is None else formatdate(NOW + seconds, usegmt=True))
    assert (time.cap(NOW), time.seconds_behind(NOW)) == (NOW - 61, 61)
    assert (time.cap(NOW - 100), time.seconds_behind(NOW - 100)) == (NOW - 100, 0)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "soon",
        "2026-11-23T08:00:00Z",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 1999 23:59:59 GMT",
        "Mon, 32 Nov 2026 08:00:00 GMT",
        "Mon, 23 Nov 2026 08:00:00 +9999999999",
        "Mon, 23 Nov 99999999999 08:00:00 GMT",
    ],
)
def test_implausible_date_does_not_count(header: str | None) -> None:
    """An answer without a date, or with a malformed or absurd one, sets no bound."""
    assert read_date(header) is None


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", ""])
def test_date_of_an_answer_is_read(zone: str) -> None:
    """The date of RFC 9110 is read, also with other names for GMT."""
    assert read_date(f"Mon, 23 Nov 2026 08:00:00 {zone}".strip()) == NOW
