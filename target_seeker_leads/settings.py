"""The target's settings: declared once as JSON Schema, parsed once into a frozen value."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_data_path

from seeker_leads_api.accounts import ACCOUNTS_SETTINGS, Account, RateLimitScope, has_accounts, parse_accounts
from seeker_leads_api.declarations import read, setting
from seeker_leads_api.errors import SettingsError
from seeker_leads_api.metrics_file import METRICS_SETTINGS
from seeker_leads_api.private_files import user_folder
from seeker_leads_api.settings import CONNECTION_SETTINGS
from target_seeker_leads.delivery.deleted_marks import DeletedMark
from target_seeker_leads.ledger.rules import UnknownOutcome
from target_seeker_leads.mapping.date_times import DateReader, parse_date_formats, parse_timezone
from target_seeker_leads.mapping.record_to_request import parse_defaults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_api import contract
    from seeker_leads_api.settings import ConnectionSettings

#: The tap's column of that name holds the label too.
DEFAULT_ACCOUNT_FIELD = "account"


class DedupeBy(str, enum.Enum):
    """What makes two records the same lead."""

    KEY = "key"  #: stream and key properties; the content where the stream, or the record, has none
    CONTENT = "content"  #: what the record says of the lead
    NONE = "none"  #: nothing: every record is sent


TARGET_SETTINGS: dict[str, contract.JsonSchema] = {
    **CONNECTION_SETTINGS,
    **ACCOUNTS_SETTINGS,
    **METRICS_SETTINGS,
    "account_field": setting(
        "string",
        "Account field",
        "With `accounts`: the field of a record, after stream maps, that holds the label of its account."
        " Defaults to `account`.",
    ),
    "dry_run": setting(
        "boolean",
        "Dry run",
        "Whether to only map, validate and report. Nothing is sent or written, and no state is passed on.",
        default=False,
    ),
    "rejects_path": setting(
        "string",
        "Rejects file",
        "Path of the JSON lines file for records that were not sent, with the reasons. It holds personal data"
        " and is readable by the owner only. Defaults to `rejects.jsonl` in the user's data folder.",
    ),
    "ledger_url": setting(
        "string",
        "Ledger URL",
        "URL of the database that remembers what was sent: `sqlite:///file`, or `postgresql://…` for several"
        " machines. Defaults to `ledger.db` in the user's data folder.",
        secret=True,
    ),
    "dedupe_by": setting(
        "string",
        "Dedupe by",
        "What makes two records the same lead: `key` (stream and key properties, or the content if there are"
        " none), `content`, or `none`.",
        enum=[choice.value for choice in DedupeBy],
        default=DedupeBy.KEY.value,
    ),
    "on_unknown_outcome": setting(
        "string",
        "On unknown outcome",
        "What to do if the answer to a request is lost: `retry` sends the lead again (at least once, possibly"
        " twice), `reject` keeps it as a dead letter (at most once).",
        enum=[choice.value for choice in UnknownOutcome],
        default=UnknownOutcome.RETRY.value,
    ),
    "max_resends": setting(
        "integer",
        "Maximum resends",
        "Maximum number of resends of a lead after lost answers, over all runs. It then becomes a"
        " dead letter if other leads were accepted since its first try. If none was, each run tries it once.",
        default=7,
        minimum=1,
    ),
    "deleted_when": setting(
        "array",
        "Deleted when",
        "Which rows count as deleted and are not sent: `column` (it holds a value) or `column=value`, or a"
        " list of these. Columns are those of the source. `_sdc_deleted_at` always counts.",
        type=["array", "string", "null"],
        items={"type": "string"},
    ),
    "defaults": setting(
        "object",
        "Defaults",
        "Values for fields that a record lacks, by the API's field names. `submittedDate: now` is the time of sending.",
    ),
    "date_format": setting(
        "array",
        "Date formats",
        "How the source writes dates, in addition to ISO 8601 and Unix seconds: a format of Python's"
        " strptime, or a list of them. For example, `%d/%m/%Y %H:%M` reads 05/11/2026 14:30.",
        type=["array", "string", "null"],
        items={"type": "string"},
    ),
    "timezone": setting(
        "string",
        "Time zone",
        "Time zone of times without an offset, as an IANA name such as `Europe/Paris`. Defaults to UTC.",
    ),
    "max_rejects": setting(
        "integer",
        "Maximum rejects",
        "Number of rejected records at which the run stops with an error. Unlimited if not set.",
        minimum=1,
    ),
}


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """The parsed settings of the target."""

    accounts: tuple[Account, ...]  #: at least one; without the setting `accounts`, one that has no label
    rate_limit_scope: RateLimitScope
    account_field: str | None  #: holds the label of a record's account; None without `accounts`
    dry_run: bool
    rejects_path: Path
    ledger_url: str = field(repr=False)
    dedupe_by: DedupeBy
    on_unknown_outcome: UnknownOutcome
    defaults: Mapping[str, Any] = field(repr=False)
    dates: DateReader
    max_rejects: int | None
    max_resends: int
    #: The SDK's setting, which the mapper evaluates; messages name the columns that it reads.
    stream_maps: Mapping[str, Any] | None = field(repr=False)
    deleted_when: tuple[DeletedMark, ...]
    metrics_path: str | None

    @property
    def connection(self) -> ConnectionSettings:
        """How to reach the API; accounts differ only in how they authenticate."""
        return self.accounts[0].connection

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TargetSettings:
        """Parse the target's configuration.

        Raises:
            SettingsError: names the setting at fault and the cure.
        """
        values = _with_places(read(config, TARGET_SETTINGS))
        dates = DateReader(parse_date_formats(values["date_format"]), parse_timezone(values["timezone"]))
        return cls(
            accounts=_distinguishable(parse_accounts(values)),
            rate_limit_scope=RateLimitScope(values["rate_limit_scope"]),
            account_field=_account_field(values),
            dry_run=values["dry_run"],
            rejects_path=_absolute(values["rejects_path"]),
            ledger_url=values["ledger_url"],
            dedupe_by=DedupeBy(values["dedupe_by"]),
            on_unknown_outcome=UnknownOutcome(values["on_unknown_outcome"]),
            defaults=parse_defaults(values["defaults"] or {}, dates),
            dates=dates,
            max_rejects=values["max_rejects"],
            max_resends=values["max_resends"],
            stream_maps=config.get("stream_maps") or None,
            deleted_when=_deleted_marks(values["deleted_when"] or []),
            metrics_path=values["metrics_path"],
        )


def _distinguishable(accounts: tuple[Account, ...]) -> tuple[Account, ...]:
    """Return the accounts if the ledger can tell them apart: a token does not say whose it is.

    Raises:
        SettingsError: it cannot, so a lead of one account would count as delivered for the other.
    """
    by_token = [account.label for account in accounts if account.connection.credentials is None]
    if len(by_token) > 1:
        msg = (
            f"`accounts`: {by_token[0]!r} and {by_token[1]!r} both have an `auth_token`, which does not say whose it"
            " is, so the ledger would mix up their leads: use `client_id` and `client_secret`, or `intermediary_id`"
        )
        raise SettingsError(msg)
    return accounts


def _account_field(values: Mapping[str, Any]) -> str | None:
    field: str | None = values["account_field"]
    if has_accounts(values):
        return field or DEFAULT_ACCOUNT_FIELD
    if field is not None:
        msg = "`account_field` is set without `accounts`, which has the labels that it holds: set both, or neither"
        raise SettingsError(msg)
    return None


def _deleted_marks(texts: str | list[str]) -> tuple[DeletedMark, ...]:
    texts = [texts] if isinstance(texts, str) else texts
    try:
        return tuple(DeletedMark.parse(text) for text in texts)
    except ValueError:
        msg = "`deleted_when` must be `column` or `column=value`, or a list of these"
        raise SettingsError(msg) from None


def _with_places(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with a path for each file. Only a default needs a home folder, which not every user has."""
    missing = [name for name in ("ledger_url", "rejects_path") if values[name] is None]
    if not missing:
        return values
    folder = user_folder(user_data_path)
    if folder is None:
        names = " and ".join(f"`{name}`" for name in missing)
        msg = f"{names} must be set, because this user has no home folder for the default"
        raise SettingsError(msg)
    default = {"ledger_url": f"sqlite:///{folder / 'ledger.db'}", "rejects_path": str(folder / "rejects.jsonl")}
    return {**values, **{name: default[name] for name in missing}}


def _absolute(rejects_path: str) -> Path:
    try:
        return Path(rejects_path).expanduser().absolute()
    except RuntimeError:
        msg = "`rejects_path` begins with a ~ that is not a user's home folder: write the full path"
        raise SettingsError(msg) from None
