"""Many accounts in one process: their declaration, and the settings of each. Pure, except for reading one file."""

from __future__ import annotations

import enum
import unicodedata
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from seeker_leads_api.accounts_file import read_accounts_file
from seeker_leads_api.declarations import setting
from seeker_leads_api.errors import SettingsError
from seeker_leads_api.settings import ConnectionSettings, authentication

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from seeker_leads_api import contract


class RateLimitScope(str, enum.Enum):
    """What the API's rate limit applies to."""

    CLIENT = "client"  #: one limit for all accounts together
    ACCOUNT = "account"  #: one limit for each account


#: The fields of an item, with their descriptions in the documentation.
ITEM_FIELDS = {
    "label": "Your name for the account in records, state and log. Never change it.",
    "intermediary_id": "The agency's ID at the vendor.",
    "client_id": "OAuth client ID. Replaces the one outside the list.",
    "client_secret": "OAuth client secret.",
    "auth_token": "Bearer token, instead of an OAuth client.",
}
LONGEST_LABEL = 100

ACCOUNTS_SETTINGS: dict[str, contract.JsonSchema] = {
    "accounts": setting(
        "array",
        "Accounts",
        "List of accounts for one process. Each has a `label`, and an `intermediary_id` or its own"
        " credentials. What an account leaves out is taken from the settings outside the list.",
        secret=True,
        items={
            "type": "object",
            "properties": {name: {"description": description} for name, description in ITEM_FIELDS.items()},
        },
    ),
    "accounts_path": setting(
        "string",
        "Accounts file",
        "Path of a JSON file with the list of `accounts`. Only its owner may have access to it (mode 0600).",
    ),
    "rate_limit_scope": setting(
        "string",
        "Rate limit scope",
        "With `accounts`: whether all accounts share one rate limit (`client`), or each has its own"
        " (`account`). Use `account` only if the vendor tells you to.",
        enum=[scope.value for scope in RateLimitScope],
        default=RateLimitScope.CLIENT.value,
    ),
}

#: The two ways to authenticate; if an item has a setting of one, it replaces all common settings of both.
_AUTHENTICATION_FIELDS = (("auth_token",), ("client_id", "client_secret"))


@dataclass(frozen=True, slots=True)
class Account:
    """One account, and how to reach it."""

    label: str | None  #: None for the only account of settings without a list
    connection: ConnectionSettings

    @property
    def place(self) -> str:
        """The prefix of a message about this account; empty if there is only one account."""
        return "" if self.label is None else f"Account {self.label}: "


def has_accounts(config: Mapping[str, Any]) -> bool:
    """Return whether a configuration, which may have other errors, has a list of accounts."""
    return any(config.get(name) not in (None, "") for name in ("accounts", "accounts_path"))


def refuse_unset_accounts(config: Mapping[str, Any]) -> None:
    """Check that no list of accounts got lost: Meltano passes a variable that is not set as an empty text.

    Raises:
        SettingsError: one did, so the run would be for the client's own account instead.
    """
    for name in ("accounts", "accounts_path"):
        if config.get(name) == "":
            msg = f"`{name}` is empty: set it, check the variable that it comes from, or remove it"
            raise SettingsError(msg)


def parse_accounts(values: Mapping[str, Any]) -> tuple[Account, ...]:
    """Return the accounts of a configuration that `read` returned; without a list, one account without a label.

    Raises:
        SettingsError: names the wrong item by its position and label, and the cure.
    """
    if not has_accounts(values):
        return (Account(None, ConnectionSettings.from_config(values)),)
    name, items = _items(values)
    if not items:
        msg = f"`{name}` is an empty list: name at least one account, or remove the setting"
        raise SettingsError(msg)
    labels = _labels(name, items)
    accounts: list[Account] = []
    for place, label, item in zip(_places(name, labels), labels, items, strict=True):
        accounts.append(_account(place, label, item, values, accounts[0] if accounts else None))
    _refuse_duplicates(name, accounts)
    return tuple(accounts)


def _items(values: Mapping[str, Any]) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """Return the name of the setting with the list, and its items."""
    if values["accounts"] is None:
        return "accounts_path", read_accounts_file(values["accounts_path"])
    if values["accounts_path"] is not None:
        msg = "`accounts` and `accounts_path` are both set: keep one of them"
        raise SettingsError(msg)
    return "accounts", values["accounts"]


def _labels(name: str, items: Iterable[Mapping[str, Any]]) -> list[str]:
    labels: list[str] = []
    known: dict[str, int] = {}
    for number, item in enumerate(items, start=1):
        label = item.get("label")
        if not isinstance(label, str) or not label:
            msg = f"`{name}`: account {number} has no `label`, which must be text: put a number in quotes"
            raise SettingsError(msg)
        if not label.isprintable() or label != label.strip() or len(label) > LONGEST_LABEL:
            msg = (
                f"`{name}`: the `label` of account {number} must be text of at most {LONGEST_LABEL} characters on one"
                " line, without control characters or surrounding blanks"
            )
            raise SettingsError(msg)
        # Two encodings of the same letters look alike, and some databases treat them as equal.
        if (first := known.setdefault(unicodedata.normalize("NFC", label), number)) != number:
            msg = f"`{name}`: accounts {first} and {number} have the same `label` {label!r}: give each its own"
            raise SettingsError(msg)
        labels.append(label)
    return labels


def _places(name: str, labels: Iterable[str]) -> Iterable[str]:
    return (f"`{name}`, account {number} ({label!r})" for number, label in enumerate(labels, start=1))


def _account(
    place: str, label: str, item: Mapping[str, Any], values: Mapping[str, Any], first: Account | None
) -> Account:
    for field, value in item.items():
        if field not in ITEM_FIELDS:
            nearest = get_close_matches(field, ITEM_FIELDS, n=1)
            guess = f": did you mean `{nearest[0]}`?" if nearest else f": there are {', '.join(ITEM_FIELDS)}"
            msg = f"{place} has an unknown field {field!r}{guess}"
            raise SettingsError(msg)
        # An unset variable must not silently select the common settings, and so read another account.
        if value == "":
            msg = f"{place}: `{field}` is empty: set it, check the variable that it comes from, or remove it"
            raise SettingsError(msg)
        if value is not None and not isinstance(value, str):
            msg = f"{place}: `{field}` must be text: put it in quotes"
            raise SettingsError(msg)
    own = {field: value for field, value in item.items() if value is not None}
    beside = dict(values)
    if any(field in own for way in _AUTHENTICATION_FIELDS for field in way):
        beside |= {field: None for way in _AUTHENTICATION_FIELDS for field in way}
    merged = {**beside, **own}
    try:
        if first is None:
            return Account(label, ConnectionSettings.from_config(merged))
        token, credentials = authentication(merged)
    except SettingsError as error:
        msg = f"{place}: {error}"
        raise SettingsError(msg) from None
    return Account(label, replace(first.connection, auth_token=token, credentials=credentials))


def _refuse_duplicates(name: str, accounts: Iterable[Account]) -> None:
    """Check that no account is listed twice: each of its leads would be read twice."""
    known: dict[object, Account] = {}
    for account in accounts:
        connection = account.connection
        credentials = connection.credentials
        who = connection.auth_token if credentials is None else (credentials.client_id, credentials.intermediary_id)
        if (other := known.setdefault(who, account)) is not account:
            msg = (
                f"`{name}`: {other.label!r} and {account.label!r} are the same account, with the same `intermediary_id`"
                " and way to authenticate: remove one, or give it its own"
            )
            raise SettingsError(msg)
