"""The account, asked as a run asks, but with less patience: a person waits."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seeker_leads_api.client import ApiClient
from seeker_leads_cli.doctor.token import check_token
from seeker_leads_singer.package import plugin_user_agent
from tap_seeker_leads.state.api_clock import read_date

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from typing_extensions import Self

    from seeker_leads_api.settings import ConnectionSettings
    from seeker_leads_cli.doctor.check import Check

_MAX_RETRIES = 1
_TIMEOUT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Account:
    """A client of the account, and what it reported."""

    settings: ConnectionSettings
    client: ApiClient
    reported: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, settings: ConnectionSettings) -> Self:
        """Return the account of a plugin's settings; close it in the end."""
        impatient = dataclasses.replace(
            settings,
            max_retries=min(settings.max_retries, _MAX_RETRIES),
            request_timeout_seconds=min(settings.request_timeout_seconds, _TIMEOUT_SECONDS),
        )
        reported: list[str] = []
        agent = plugin_user_agent("seeker-leads", settings.user_agent)
        return cls(impatient, ApiClient(impatient, agent, report=reported.append), reported)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def check_token(self, *, now: Callable[[], float]) -> Check:
        """Look at the token."""
        return check_token(self.client, self.settings, self.reported, now=now)

    @staticmethod
    def seconds_ahead(answer: requests.Response | None, now: float) -> float | None:
        """Return by how much this machine's clock is ahead of the API's; None where no answer says its time."""
        api_time = read_date(answer.headers.get("Date")) if answer is not None else None
        return None if api_time is None else now - api_time
