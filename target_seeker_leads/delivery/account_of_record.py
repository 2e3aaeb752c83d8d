"""Decides for which account a record is sent: with several accounts, a field of the record names it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.identity import Identifier
from target_seeker_leads.singer.singer_json import sha256

if TYPE_CHECKING:
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.settings import TargetSettings


@dataclass(frozen=True, slots=True)
class RecordAccount:
    """The account of a record, and the identifier of its records."""

    label: str | None  #: None for the only account, and if the record is for none
    identifier: Identifier
    destination: str  #: SHA-256 in hex
    reason: Reason | None = None  #: why the record is for no account


class AccountResolver:
    """Finds the account of each record, according to the settings."""

    def __init__(self, settings: TargetSettings) -> None:
        self._field = settings.account_field
        self._accounts = {
            account.label: _account(account.label, Identifier.of(settings, account.connection))
            for account in settings.accounts
        }
        no_account = Identifier.without_account(settings)
        self._missing = _account(None, no_account, _reason(self._field, "is empty or missing"))
        self._unknown = _account(None, no_account, _reason(self._field, "is not the label of one of the `accounts`"))

    def of(self, incoming: Incoming) -> RecordAccount:
        """Return a record's account; it has a `reason` if the record names no account of the settings."""
        if self._field is None:
            return self._accounts[None]
        label = incoming.record.get(self._field)
        if label is None or label == "":
            return self._missing
        return self._accounts.get(label, self._unknown) if isinstance(label, str) else self._unknown


def _account(label: str | None, identifier: Identifier, reason: Reason | None = None) -> RecordAccount:
    return RecordAccount(label, identifier, sha256(identifier.destination), reason)


def _reason(field: str | None, problem: str) -> Reason:
    return Reason(
        None,
        f"`{field}` {problem}",
        "Correct the record, add the account to `accounts`, or set `account_field` to the field that holds the label",
    )
