"""Identifies the columns of a table of leads by their names and types. Pure.

The tap's columns are found whether they are flattened or not, and if a loader changed upper case or underscores. A
column whose name begins with `contactRequest` is personal data. A column that is not the tap's is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeker_leads_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TEXTS = ("text", "character varying", "character")
_INSTANTS = ("timestamp without time zone", "timestamp with time zone")
_BOOLEANS = ("boolean",)
_OBJECTS = ("jsonb", "json")
_CONTACT, _CALL, _NUMBER, _EXTRA = "contactrequest", "calldetails", "seekerphonenumber", "extra"
#: The beginnings of names of columns without personal data: the tap's, and the SDK's own.
_TAPS = ("ingestiondate", "portal", "leadcategory", "seekerintention", "property", "project", "distributiontype", "sdc")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as PostgreSQL describes it."""

    name: str
    type: str  #: without a length or precision
    may_be_null: bool = True

    @property
    def is_in_utc(self) -> bool:
        """Whether its times have no time zone, so that they are in UTC."""
        return self.type == "timestamp without time zone"

    @property
    def is_object(self) -> bool:
        """Whether it holds JSON."""
        return self.type in _OBJECTS


@dataclass(frozen=True, slots=True)
class LeadColumns:
    """The columns that retention reads or changes."""

    lead_id: Column
    account: Column | None  #: part of the key if the table contains several accounts
    ingestion_date: Column
    ttl: Column
    is_erased: Column | None  #: None if the catalog is older, or deselects it
    extracted_at: Column | None  #: when the tap read the row; None if the loader does not store it
    personal: tuple[Column, ...]  #: become null when the lead is erased
    call: Column | None  #: an object whose `seekerPhoneNumber` becomes null
    unknown: tuple[str, ...]  #: columns that are not the tap's

    @property
    def form(self) -> str:
        """The form of the table, for messages."""
        return "JSON columns" if any(each.is_object for each in self.personal) else "flattened columns"


def read_columns(table: str, columns: Sequence[Column]) -> LeadColumns:
    """Identify the columns of a table; `table` is its name in messages.

    Raises:
        SettingsError: it is not a table of leads, or lacks a required column; the text names the column and the cure.
    """
    found = _Found(table, columns)
    lead_id = found.needed("leadId", _TEXTS, "it is not a table of leads")
    ingestion_date = found.needed("ingestionDate", _INSTANTS, "it is not a table of leads")
    ttl = found.needed(
        "ttl", _INSTANTS, "it is not known when a lead must be deleted. Select it in the tap, and load again"
    )
    return LeadColumns(
        lead_id=lead_id,
        account=found.optional("account", _TEXTS),
        ingestion_date=ingestion_date,
        ttl=ttl,
        is_erased=found.optional("isErased", _BOOLEANS),
        extracted_at=found.optional("_sdc_extracted_at", _INSTANTS),
        personal=tuple(each for each in columns if _is_personal(each)),
        call=found.optional("callDetails", _OBJECTS) if found.has_object(_CALL) else None,
        unknown=tuple(each.name for each in columns if _is_unknown(each)),
    )


def refuse_unnullable(table: str, columns: LeadColumns) -> None:
    """Check that every column with personal data may become null.

    Raises:
        SettingsError: a column is NOT NULL.
    """
    for each in columns.personal:
        if not each.may_be_null:
            msg = f"{table}: the column {each.name} is NOT NULL, so it cannot be scrubbed: use `--erased delete`"
            raise SettingsError(msg)


class _Found:
    def __init__(self, table: str, columns: Iterable[Column]) -> None:
        self._table = table
        self._columns: dict[str, list[Column]] = {}
        for each in columns:
            self._columns.setdefault(_folded(each.name), []).append(each)

    def has_object(self, folded: str) -> bool:
        return any(each.is_object for each in self._columns.get(folded, []))

    def needed(self, name: str, types: Sequence[str], consequence: str) -> Column:
        column = self.optional(name, types)
        if column is None:
            msg = f"{self._table} has no column {name}: {consequence}"
            raise SettingsError(msg)
        return column

    def optional(self, name: str, types: Sequence[str]) -> Column | None:
        match self._columns.get(_folded(name), []):
            case []:
                return None
            case [column] if column.type in types:
                return column
            case [column]:
                msg = f"{self._table}: the column {column.name} is {column.type}, and must be {' or '.join(types)}"
            case several:
                names = " and ".join(each.name for each in several)
                msg = f"{self._table} has {names}: it is not known which is the tap's {name}. Rename the other one"
        raise SettingsError(msg)


def _folded(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


def _is_personal(column: Column) -> bool:
    folded = _folded(column.name)
    if folded.startswith(_CALL):
        # In a column that is not JSON, a single member cannot be changed, so the whole value becomes null.
        return _NUMBER in folded or (folded == _CALL and not column.is_object)
    return folded.startswith(_CONTACT) or folded == _EXTRA or column.name.lower().startswith(f"{_EXTRA}__")


def _is_unknown(column: Column) -> bool:
    folded = _folded(column.name)
    known = ("leadid", "account", "ttl", "iserased")
    return not (_is_personal(column) or folded in known or folded.startswith((*_TAPS, _CALL)))
