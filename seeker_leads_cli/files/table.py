"""Rows with named columns, from any kind of file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Protocol

from seeker_leads_cli.errors import InputFileError
from target_seeker_leads.mapping.conversions import is_empty
from target_seeker_leads.mapping.missing_header import is_header_missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAX_COLUMNS: Final = 16_384


class Table(Protocol):
    """A file as rows."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The named columns, in order."""

    @property
    def unnamed(self) -> Sequence[int]:
        """The numbers of the columns without a name that have values in the rows read so far."""

    @property
    def form(self) -> str:
        """The detected format, e.g. `CSV in UTF-8, with ; between cells`."""

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows that are not empty, each by column name; may be called any number of times.

        Raises:
            InputFileError: a row does not fit the header.
        """


class Header:
    """The column names in the first row. Columns without a name are skipped."""

    def __init__(self, cells: Sequence[Any]) -> None:
        names = ["" if cell is None else str(cell).strip() for cell in cells]
        self.width = len(names)
        self.columns = tuple(name for name in names if name)
        if not self.columns:
            msg = "The first row is empty: it must contain the column names"
            raise InputFileError(msg)
        if self.width > _MAX_COLUMNS:
            msg = f"The header has {self.width:,} columns, more than the {_MAX_COLUMNS:,} of Excel: export it again"
            raise InputFileError(msg)
        if is_header_missing(self.columns):
            msg = (
                "The first row contains an e-mail address, a phone number or the ID of a listing, so it is a lead and"
                " not the header: add a row with the column names before it"
            )
            raise InputFileError(msg)
        doubled = next((name for name, times in Counter(self.columns).items() if times > 1), None)
        if doubled is not None:
            msg = f"The header has the column {doubled!r} twice: rename one of them"
            raise InputFileError(msg)
        self._places = [place for place, name in enumerate(names) if name]
        self._unnamed = [place for place, name in enumerate(names) if not name]
        self._unnamed_with_values: set[int] = set()

    @property
    def unnamed(self) -> Sequence[int]:
        """The numbers of the skipped columns that have values in the rows so far."""
        return [place + 1 for place in sorted(self._unnamed_with_values)]

    def record(self, cells: Sequence[Any]) -> dict[str, Any]:
        """Return a row by column name."""
        if self._unnamed:
            self._unnamed_with_values.update(place for place in self._unnamed if not is_empty(cells[place]))
            cells = [cells[place] for place in self._places]
        return dict(zip(self.columns, cells, strict=True))
