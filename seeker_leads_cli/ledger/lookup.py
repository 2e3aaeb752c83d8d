"""Finds the row of one record by its key, as the target finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.ledger.sessions import database_errors
from seeker_leads_cli.screen import printable
from target_seeker_leads.delivery.identity import Identifier
from target_seeker_leads.delivery.incoming import Incoming, Source
from target_seeker_leads.delivery.key_values import key_values
from target_seeker_leads.ledger.tables import LEDGER, as_utc, columns_of
from target_seeker_leads.settings import DedupeBy
from target_seeker_leads.singer.singer_json import decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from seeker_leads_api.settings import ConnectionSettings
    from target_seeker_leads.ledger.database import Session
    from target_seeker_leads.settings import TargetSettings


@dataclass(frozen=True, slots=True)
class Found:
    """The row of a record."""

    stream: str
    status: str
    at: datetime  #: when the row was last written; for a delivered lead, when it was delivered
    first_tried_at: datetime | None
    request_id: str | None
    resends: int


def parse_key(text: str) -> dict[str, Any]:
    """Parse a key; numbers keep all their digits.

    Raises:
        SettingsError: it is not a JSON object that identifies a record.
    """
    try:
        key = decode(text.encode())
    except ValueError:
        key = None
    if not isinstance(key, dict) or key_values(key, tuple(key)) is None:
        msg = """--key must be a JSON object that holds each key property and its value, such as '{"id": 5}'"""
        raise SettingsError(msg)
    return key


def keys_of(settings: TargetSettings, stream: str, key: Mapping[str, Any], label: str | None = None) -> tuple[str, ...]:
    """Return the hashes that may identify a record in the ledger: the current one, then those of earlier versions.

    `label` names the record's account if there are several.

    Raises:
        SettingsError: these settings do not identify records by their key, or no account has this label.
    """
    if settings.dedupe_by is not DedupeBy.KEY:
        msg = f"`dedupe_by` is {settings.dedupe_by.value}, so the ledger does not identify records by their key"
        raise SettingsError(msg)
    names = tuple(key)
    incoming = Incoming(stream, names, key, Source(stream, names, key, is_replay=False))
    identity = Identifier.of(settings, _connection_of(settings, label)).identify(incoming, {}, can_be_sent=False)
    return (identity.key, *identity.earlier_keys)


def _connection_of(settings: TargetSettings, label: str | None) -> ConnectionSettings:
    for account in settings.accounts:
        if account.label == label:
            return account.connection
    if settings.account_field is None:
        msg = "--account is only for settings with `accounts`: remove it"
    elif label is None:
        msg = "The settings have `accounts`, and each has its own records: give --account and a label"
    else:
        msg = f"--account: {printable(label)} is not the label of one of the `accounts`"
    raise SettingsError(msg)


def find_row(session: Session, keys: Sequence[str]) -> Found | None:
    """Return the row of the first of these keys that has one.

    Raises:
        FatalError: the ledger cannot be read.
    """
    query = select(*columns_of(session.version)).where(LEDGER.c.key.in_(keys))
    with database_errors(session, "read"), session.connection.begin():
        rows = {row["key"]: row for row in session.connection.execute(query).mappings()}
    for row in (rows[key] for key in keys if key in rows):
        if at := as_utc(row["updated_at"]):
            first_tried_at = as_utc(row.get("first_tried_at"))
            return Found(row["stream"], row["status"], at, first_tried_at, row["request_id"], row["resends"])
    return None
