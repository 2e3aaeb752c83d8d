"""Rows under named columns, whatever kind of file they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from seeker_leads_cli.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Table(Protocol):
    """A file as rows."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The named columns, in order."""

    @property
    def form(self) -> str:
        """What was recognised, e.g. `CSV in UTF-8, with ; between cells`."""

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows that hold anything, each by its columns' names; as often as asked.

        Raises:
            InputFileError: a row does not fit the header.
        """


class Header:
    """The names of columns, as the first row says them. A column without a name is left out."""

    def __init__(self, cells: Sequence[Any]) -> None:
        names = ["" if cell is None else str(cell).strip() for cell in cells]
        self.width = len(names)
        self.columns = tuple(name for name in names if name)
        if not self.columns:
            msg = "The first row is empty: it must hold the names of the columns"
            raise InputFileError(msg)
        doubled = next((name for name in self.columns if self.columns.count(name) > 1), None)
        if doubled is not None:
            msg = f"The header has the column {doubled!r} twice: rename one of them"
            raise InputFileError(msg)
        self._places = [place for place, name in enumerate(names) if name]
        self._has_all = len(self._places) == self.width

    def record(self, cells: Sequence[Any]) -> dict[str, Any]:
        """Return a row by the names of its columns."""
        if not self._has_all:
            cells = [cells[place] for place in self._places]
        return dict(zip(self.columns, cells, strict=True))
