"""The tap's settings: declared once as JSON Schema, parsed once into a frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seeker_leads_api import contract
from seeker_leads_api.accounts import ACCOUNTS_SETTINGS, Account, RateLimitScope, parse_accounts
from seeker_leads_api.declarations import read, setting
from seeker_leads_api.errors import SettingsError
from seeker_leads_api.metrics_file import METRICS_SETTINGS
from seeker_leads_api.settings import CONNECTION_SETTINGS
from tap_seeker_leads.leads.timestamps import from_iso8601

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_api.settings import ConnectionSettings

_DAY_SECONDS = 86_400

TAP_SETTINGS: dict[str, contract.JsonSchema] = {
    **CONNECTION_SETTINGS,
    **ACCOUNTS_SETTINGS,
    **METRICS_SETTINGS,
    "start_date": setting(
        "string",
        "Start date",
        "Earliest ingestion date of the leads to read, in ISO 8601. Defaults to 3 years ago, the longest that"
        " a lead may be kept.",
        format="date-time",
    ),
    "end_date": setting(
        "string",
        "End date",
        "Date up to which leads are read, in ISO 8601. Defaults to now. The parts of a backfill lose nothing"
        " if each starts where the previous one ends.",
        format="date-time",
    ),
    "window_days": setting(
        "integer",
        "Window",
        "Longest period that one request may cover, in days. The API allows at most 7.",
        minimum=1,
        maximum=contract.MAX_PERIOD_SECONDS // _DAY_SECONDS,
        default=contract.MAX_PERIOD_SECONDS // _DAY_SECONDS,
    ),
    "page_size": setting(
        "integer",
        "Page size",
        "Number of leads per page. The API allows at most 100.",
        minimum=1,
        maximum=contract.MAX_PAGE_SIZE,
        default=contract.MAX_PAGE_SIZE,
    ),
    "lookback_seconds": setting(
        "integer",
        "Lookback",
        "Number of seconds before the bookmark at which each run starts to read, since leads can become"
        " visible some time after their ingestion date.",
        minimum=0,
        default=7200,
    ),
    "refresh_days": setting(
        "integer",
        "Refresh",
        "Number of days within which every lead is read again, a few at a time, so that erasures on the"
        " portal reach your loader. Set it to 0 for loaders that append. Not used with `end_date`.",
        minimum=0,
        maximum=contract.LEAD_LIFE_DAYS,
        default=30,
    ),
}


@dataclass(frozen=True, slots=True)
class TapSettings:
    """The tap's settings after parsing. Instants are in Unix seconds."""

    accounts: tuple[Account, ...]  #: at least one; without the setting `accounts`, a single one without a label
    rate_limit_scope: RateLimitScope
    now: int  #: when the run began; the next run reads leads that are ingested later
    start: int
    end: int  #: `end_date`, or now if that is earlier
    window_seconds: int
    page_size: int
    lookback_seconds: int
    refresh_seconds: int  #: how long a cycle of the refresh takes; 0: no refresh
    metrics_path: str | None

    @property
    def connection(self) -> ConnectionSettings:
        """How to reach the API; accounts differ only in how they authenticate."""
        return self.accounts[0].connection

    @property
    def has_accounts(self) -> bool:
        """Whether records, keys and state name their account."""
        return self.accounts[0].label is not None

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, now: int) -> TapSettings:
        """Parse the tap's configuration for a run that starts `now`.

        Raises:
            SettingsError: names the setting at fault and the cure.
        """
        values = read(config, TAP_SETTINGS)
        start = _instant("start_date", values["start_date"])
        end = _instant("end_date", values["end_date"])
        if start is not None and end is not None and start >= end:
            msg = "`start_date` must be earlier than `end_date`"
            raise SettingsError(msg)
        if start is not None and start > now:
            msg = "`start_date` is in the future: set the instant from which to read leads"
            raise SettingsError(msg)
        if start is None:
            start = max(now - contract.LEAD_LIFE_DAYS * _DAY_SECONDS, 0)
            if end is not None and start >= end:
                msg = "`end_date` is before the default `start_date`, 3 years ago: set `start_date` too"
                raise SettingsError(msg)
        return cls(
            accounts=parse_accounts(values),
            rate_limit_scope=RateLimitScope(values["rate_limit_scope"]),
            now=now,
            start=start,
            end=now if end is None else min(end, now),
            window_seconds=values["window_days"] * _DAY_SECONDS,
            page_size=values["page_size"],
            lookback_seconds=values["lookback_seconds"],
            refresh_seconds=values["refresh_days"] * _DAY_SECONDS if end is None else 0,
            metrics_path=values["metrics_path"],
        )


def _instant(name: str, value: str | None) -> int | None:
    if value is None:
        return None
    try:
        return from_iso8601(value)
    except ValueError:
        msg = f"`{name}` must be an ISO 8601 date or date-time since 1970, e.g. 2026-01-31 or 2026-01-31T08:00:00Z"
        raise SettingsError(msg) from None
