"""What the columns of a table of leads are: pure, from their names and types.

The tap's columns are found under their own names, flattened or not, and under those of loaders that change upper case
or underscores. What begins as `contactRequest` does is personal; a column that the tap does not know is left alone.
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
#: How the names of the tap's columns without personal data begin, and those of the SDK's own.
_TAPS = ("ingestiondate", "portal", "leadcategory", "seekerintention", "property", "project", "distributiontype", "sdc")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as PostgreSQL describes it."""

    name: str
    type: str  #: without a length or precision
    may_be_null: bool = True

    @property
    def is_in_utc(self) -> bool:
        """Whether its times are without a zone."""
        return self.type == "timestamp without time zone"

    @property
    def is_object(self) -> bool:
        """Whether it holds JSON."""
        return self.type in _OBJECTS


@dataclass(frozen=True, slots=True)
class LeadColumns:
    """The columns that retention is about."""

    lead_id: Column
    account: Column | None  #: half of the key, where one table holds several accounts
    ingestion_date: Column
    ttl: Column
    is_erased: Column | None  #: None: the catalog is older, or deselects it
    extracted_at: Column | None  #: when the tap read the row; None: the loader does not say
    personal: tuple[Column, ...]  #: null once the person is erased
    call: Column | None  #: the same for one member of this object, the caller's number
    unknown: tuple[str, ...]  #: not the tap's

    @property
    def form(self) -> str:
        """How a person is told of the table's shape."""
        return "JSON columns" if any(each.is_object for each in self.personal) else "flattened columns"


def read_columns(table: str, columns: Sequence[Column]) -> LeadColumns:
    """Return what the columns of a table are; `table` is for messages.

    Raises:
        SettingsError: it is not a table of leads, or lacks what the law needs; the text names column and cure.
    """
    found = _Found(table, columns)
    lead_id = found.needed("leadId", _TEXTS, "it is not a table of leads")
    ingestion_date = found.needed("ingestionDate", _INSTANTS, "it is not a table of leads")
    ttl = found.needed("ttl", _INSTANTS, "nothing says when a lead must be gone. Select it in the tap, load again")
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
    """Check that personal data can be taken out.

    Raises:
        SettingsError: a column does not allow it.
    """
    for each in columns.personal:
        if not each.may_be_null:
            msg = f"{table}: the column {each.name} is NOT NULL, so an erased lead cannot stay: use `--erased delete`"
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
        found = self._columns.get(_folded(name), [])
        if len(found) > 1:
            names = " and ".join(each.name for each in found)
            msg = f"{self._table} has {names}: which of them is the tap's {name} cannot be known. Rename the other"
            raise SettingsError(msg)
        if found and found[0].type not in types:
            msg = f"{self._table}: the column {found[0].name} is {found[0].type}, and must be {' or '.join(types)}"
            raise SettingsError(msg)
        return found[0] if found else None


def _folded(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


def _is_personal(column: Column) -> bool:
    folded = _folded(column.name)
    if folded.startswith(_CALL):
        # An object of a type in which one member cannot be changed goes as a whole.
        return _NUMBER in folded or (folded == _CALL and not column.is_object)
    return folded.startswith(_CONTACT) or folded == _EXTRA or column.name.lower().startswith(f"{_EXTRA}__")


def _is_unknown(column: Column) -> bool:
    folded = _folded(column.name)
    known = ("leadid", "account", "ttl", "iserased")
    return not (_is_personal(column) or folded in known or folded.startswith((*_TAPS, _CALL)))
