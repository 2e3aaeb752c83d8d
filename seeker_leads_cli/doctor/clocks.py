"""This machine's clock beside the API's."""

from __future__ import annotations

from seeker_leads_cli.doctor.check import Check
from seeker_leads_cli.doctor.durations import in_words

#: The API's time comes in whole seconds and takes its way; what is less than this does no harm.
_TOLERANCE_SECONDS = 30.0
_NAME = "clocks"


def check_clocks(seconds_ahead: float | None) -> Check:
    """Compare the clocks; None says that the API's is not known."""
    if seconds_ahead is None:
        return Check(_NAME, is_ok=True, says="not compared: no answer said the API's time")
    if abs(seconds_ahead) <= _TOLERANCE_SECONDS:
        return Check(_NAME, is_ok=True, says=f"this machine's and the API's differ by {abs(seconds_ahead):.0f} s")
    differs = f"{in_words(abs(seconds_ahead))} {'ahead of' if seconds_ahead > 0 else 'behind'}"
    says = f"this machine's clock is {differs} the API's: set it, and keep it right by NTP"
    return Check(_NAME, is_ok=False, says=says)
