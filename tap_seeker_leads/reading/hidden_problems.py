"""Problems that a run which looks successful may hide: a missing route or account, and a clock that is ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seeker_leads_api.errors import FatalError
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.state.bookmark import LAST_LEAD
from tap_seeker_leads.state.refresh import CLOCK_TOLERANCE_SECONDS

if TYPE_CHECKING:
    from tap_seeker_leads.reading.span_reader import SpanReader

#: A lead that is older than this may have left the API, so its absence proves nothing.
MAX_LISTED_AGE_SECONDS = 365 * 86_400


def expected_last_lead(last_lead: int | None, now: int) -> int | None:
    """Return the instant of the last lead if the API should still list it, or None."""
    return None if last_lead is None or last_lead < now - MAX_LISTED_AGE_SECONDS else last_lead


def missing_route_error(last_lead: int, place: str) -> FatalError:
    """Return the error of a run that got no list at all: a missing route looks like an account without leads.

    `place` is where the state holds the account's bookmark.
    """
    msg = (
        f"The API answered every period as empty, with a 404 or similar, even the seven days up to"
        f" {to_rfc3339(last_lead)}, which had a lead before: check `api_url`, and that the account is still open. The"
        f" bookmark does not move. If the account is right, remove `{LAST_LEAD}` from the state's `{place}`"
    )
    return FatalError(msg)


def clock_warning(span: SpanReader, now: int) -> str | None:
    """Return a warning if this machine's clock is so far ahead that the bookmark stays behind it, or None."""
    ahead_seconds = span.api_clock.seconds_behind(now)
    if span.api_clock.seconds_behind(span.end) <= 0 or ahead_seconds <= CLOCK_TOLERANCE_SECONDS:
        return None
    return (
        f"This machine's clock is {ahead_seconds} seconds ahead of the API's: correct the clock, or stop a proxy in"
        " between from caching answers. Until then the bookmark stays at the API's time, so that no lead is missed"
    )
