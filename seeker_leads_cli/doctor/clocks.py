"""Compares this machine's clock with the API's."""

from __future__ import annotations

from seeker_leads_cli.doctor.check import Check
from seeker_leads_cli.doctor.durations import in_words

#: The API's time is in whole seconds and arrives late, so a smaller difference proves nothing and does no harm.
_TOLERANCE_SECONDS = 30.0
_NAME = "clocks"


def check_clocks(seconds_ahead: float | None) -> Check:
    """Check the difference of the clocks, or None if the API's time is not known."""
    if seconds_ahead is None:
        return Check(_NAME, is_ok=True, says="not compared: no answer contained the API's time")
    if abs(seconds_ahead) <= _TOLERANCE_SECONDS:
        return Check(
            _NAME, is_ok=True, says=f"this machine's and the API's clocks differ by {abs(seconds_ahead):.0f} s"
        )
    differs = f"{in_words(abs(seconds_ahead))} {'ahead of' if seconds_ahead > 0 else 'behind'}"
    says = f"this machine's clock is {differs} the API's: correct it, and use NTP"
    return Check(_NAME, is_ok=False, says=says)
