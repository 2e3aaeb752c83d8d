"""The first sheet of an Excel workbook as rows, read by `python-calamine`, which is imported only when needed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import StoppedError
from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files.table import Header
from seeker_leads_cli.files.workbook_size import refuse_large_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seeker_leads_cli.files.input_file import InputFile


class ExcelTable:
    """The first sheet of a workbook."""

    def __init__(self, file: InputFile) -> None:
        """Open the workbook.

        Raises:
            InputFileError: the extra is not installed, or the file is empty or not a workbook.
        """
        try:
            import python_calamine  # noqa: PLC0415  # an extra
        except ImportError:
            msg = "Excel files need the extra `cli`: install singer-seeker-leads[cli], or save it as CSV UTF-8"
            raise InputFileError(msg) from None
        try:
            refuse_large_workbook(file.path, file.name)
            workbook = python_calamine.CalamineWorkbook.from_path(file.path)
            self._sheet = workbook.get_sheet_by_index(0)
        except (InputFileError, MemoryError, KeyboardInterrupt, StoppedError):
            raise
        except BaseException:  # noqa: BLE001  # calamine raises many types of errors, and its panics are not exceptions
            msg = f"{file.name} is not a readable workbook: save it again as .xlsx, or as CSV UTF-8"
            raise InputFileError(msg) from None
        self._others = len(workbook.sheet_names) - 1
        first = next(self._cells(), None)
        if first is None:
            msg = f"The first sheet of {file.name} is empty: move the leads to it"
            raise InputFileError(msg)
        self._header = Header(first)

    @property
    def columns(self) -> tuple[str, ...]:
        """The named columns, in order."""
        return self._header.columns

    @property
    def unnamed(self) -> Sequence[int]:
        """The numbers of the columns without a name that have values in the rows read so far."""
        return self._header.unnamed

    @property
    def form(self) -> str:
        """The detected format."""
        return f"Excel, the first of {self._others + 1} sheets" if self._others else "Excel"

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows that are not empty."""
        cells = self._cells()
        next(cells)
        for row in cells:
            yield self._header.record([_value(cell) for cell in row])

    def _cells(self) -> Iterator[list[Any]]:
        rows = self._sheet.iter_rows() if self._sheet.height else ()  # some versions fail on an empty sheet
        return (row for row in rows if any(cell != "" for cell in row))


def _value(cell: Any) -> Any:  # noqa: ANN401  # any value of a cell
    """Return a cell as a JSON value: Excel stores every number as a float, and dates without an offset."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, (dt.date, dt.time)):  # a datetime is a date, too
        return cell.isoformat()
    return str(cell) if isinstance(cell, dt.timedelta) else cell
