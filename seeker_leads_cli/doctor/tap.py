"""The checks of a tap's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeker_leads_cli.doctor.account import AccountClient, check_accounts
from seeker_leads_cli.doctor.check import Check, attempt
from seeker_leads_cli.doctor.clocks import check_clocks
from seeker_leads_cli.doctor.limiter import check_limiter
from seeker_leads_cli.doctor.settings import check_settings, checked_plugin
from tap_seeker_leads.check_connection import describe_newest_lead, find_newest_lead
from tap_seeker_leads.tap import TapSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_seeker_leads.settings import TapSettings


def check_tap(config: Mapping[str, Any], *, now: Callable[[], float]) -> Iterator[Check]:
    """Yield the checks, each as soon as it is done."""
    tap = checked_plugin(TapSeekerLeads, config)
    if isinstance(tap, Check):
        yield tap
        return
    settings = tap.settings
    yield check_settings(config)
    yield from check_accounts(settings.accounts, lambda account: _connection(account, settings, now), now=now)
    yield check_limiter(settings.connection)


def _connection(account: AccountClient, settings: TapSettings, now: Callable[[], float]) -> Iterator[Check]:
    seen = attempt("connection", lambda: find_newest_lead(account.client, settings, now=now))
    if isinstance(seen, Check):
        yield seen
        return
    yield Check("connection", is_ok=True, says="the API answers, and the account may read leads")
    yield Check("newest lead", is_ok=True, says=describe_newest_lead(seen))
    yield check_clocks(seen.seconds_ahead)
