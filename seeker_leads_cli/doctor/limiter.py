"""Compares the rate limit of the settings with the API's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seeker_leads_api import contract
from seeker_leads_cli.doctor.check import Check

if TYPE_CHECKING:
    from seeker_leads_api.settings import ConnectionSettings

_ALLOWED_PER_SECOND = contract.RATE_LIMIT_REQUESTS * 1000 / contract.RATE_LIMIT_PERIOD_MS


def check_limiter(settings: ConnectionSettings) -> Check:
    """Check that the settings do not exceed the documented limit."""
    period_ms = round(settings.rate_limit_period_seconds * 1000)
    kept = (
        f"{settings.rate_limit_requests} requests in {period_ms} ms, {settings.max_concurrent_requests} at once"
        f" ({settings.requests_per_second:g} a second)"
    )
    if settings.rate_limit_location is not None:
        kept += f", shared through {settings.rate_limit_location.shown}"
    is_within = (
        settings.rate_limit_requests <= contract.RATE_LIMIT_REQUESTS
        and settings.requests_per_second <= _ALLOWED_PER_SECOND
        and settings.max_concurrent_requests <= contract.MAX_CONCURRENT_REQUESTS
    )
    if is_within:
        return Check("limiter", is_ok=True, says=kept)
    allowed = (
        f"{contract.RATE_LIMIT_REQUESTS} in {contract.RATE_LIMIT_PERIOD_MS} ms,"
        f" {contract.MAX_CONCURRENT_REQUESTS} at once"
    )
    cure = "lower `rate_limit_requests` and `max_concurrent_requests`, or raise `rate_limit_period_ms`"
    return Check("limiter", is_ok=False, says=f"{kept}, but the API allows {allowed}: {cure}")
