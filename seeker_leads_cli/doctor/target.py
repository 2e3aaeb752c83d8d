"""The checks of a target's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import NotServedError, TokenRefusedError
from seeker_leads_cli.doctor.account import AccountClient, check_accounts
from seeker_leads_cli.doctor.check import Check, attempt
from seeker_leads_cli.doctor.clocks import check_clocks
from seeker_leads_cli.doctor.ledger import check_ledger
from seeker_leads_cli.doctor.limiter import check_limiter
from seeker_leads_cli.doctor.rejects_file import check_rejects_file
from seeker_leads_cli.doctor.settings import check_settings, checked_plugin
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import requests

_HOUR_SECONDS = 3600


def check_target(config: Mapping[str, Any], *, now: Callable[[], float]) -> Iterator[Check]:
    """Yield the checks, each as soon as it is done."""
    target = checked_plugin(TargetSeekerLeads, config)
    if isinstance(target, Check):
        yield target
        return
    settings = target.settings
    dry_run = "; `dry_run` is on, so nothing is sent" if settings.dry_run else ""
    yield check_settings(config, dry_run)
    yield from check_accounts(settings.accounts, lambda account: _connection(account, now), now=now)
    yield check_limiter(settings.connection)
    yield check_ledger(settings.ledger_url)
    yield check_rejects_file(settings.rejects_path)


def _connection(account: AccountClient, now: Callable[[], float]) -> Iterator[Check]:
    """Check by reading, since a test lead cannot be sent. An account that may only write is OK, too."""
    answer = attempt("connection", lambda: _read(account, int(now())))
    if isinstance(answer, Check):
        yield answer
        return
    if answer is None:
        says = "the API answers; the account may not read leads, which a target does not need"
    else:
        says = "the API answers; only the first lead shows whether the account may create leads"
    yield Check("connection", is_ok=True, says=says)
    yield check_clocks(account.seconds_ahead(answer, now()))


def _read(account: AccountClient, now: int) -> requests.Response | None:
    """Request one lead; None if the account may not read leads. That answer does not cause a new token."""
    query = {"minDate": now - _HOUR_SECONDS, "maxDate": now, "limit": 1}

    def attempt_once(token: str) -> requests.Response | None:
        with account.client.limiter.attempt():
            try:
                return account.client.get("/leads", query, token=token)
            except (TokenRefusedError, NotServedError) as error:
                if error.lacks_right:
                    return None
                raise

    return account.client.retried(attempt_once)
