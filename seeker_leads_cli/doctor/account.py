"""Checks accounts as a run uses them, but with shorter timeouts and fewer retries, since a person waits."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seeker_leads_api.client import ApiClient
from seeker_leads_cli.doctor.check import in_one_line
from seeker_leads_cli.doctor.token import check_token
from seeker_leads_singer.package import plugin_user_agent
from tap_seeker_leads.state.api_clock import read_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import requests
    from typing_extensions import Self

    from seeker_leads_api.accounts import Account
    from seeker_leads_api.settings import ConnectionSettings
    from seeker_leads_cli.doctor.check import Check

_MAX_RETRIES = 1
_TIMEOUT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class AccountClient:
    """The client of an account, and the warnings that it reported."""

    settings: ConnectionSettings
    client: ApiClient
    reported: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, settings: ConnectionSettings) -> Self:
        """Return the account of a plugin's settings; close it at the end."""
        quick = dataclasses.replace(
            settings,
            max_retries=min(settings.max_retries, _MAX_RETRIES),
            request_timeout_seconds=min(settings.request_timeout_seconds, _TIMEOUT_SECONDS),
        )
        reported: list[str] = []
        agent = plugin_user_agent("seeker-leads", settings.user_agent)
        return cls(quick, ApiClient(quick, agent, report=reported.append), reported)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    @staticmethod
    def seconds_ahead(answer: requests.Response | None, now: float) -> float | None:
        """Return how far this machine's clock is ahead of the API's; None if no answer contains the API's time."""
        api_time = read_date(answer.headers.get("Date")) if answer is not None else None
        return None if api_time is None else now - api_time


def check_accounts(
    accounts: Iterable[Account],
    check_connection: Callable[[AccountClient], Iterator[Check]],
    *,
    now: Callable[[], float],
) -> Iterator[Check]:
    """Yield the checks of each account: of its token, then of its connection if the token is OK."""
    for each in accounts:
        with AccountClient.of(each.connection) as account:
            checks = _checks(account, check_connection, now)
            yield from checks if each.label is None else [in_one_line(each.label, list(checks))]


def _checks(
    account: AccountClient, check_connection: Callable[[AccountClient], Iterator[Check]], now: Callable[[], float]
) -> Iterator[Check]:
    token = check_token(account.client, account.settings, account.reported, now=now)
    yield token
    if token.is_ok:
        yield from check_connection(account)
