from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files.excel_table import ExcelTable
from seeker_leads_cli.files.input_file import InputFile
from tests.workbooks import number, text, workbook

if TYPE_CHECKING:
    from pathlib import Path

HEADER = f'<row r="2">{text("A2", "Nom")}{text("B2", "Tél. portable")}{text("C2", "Reçu le")}</row>'
LEADS = (
    HEADER
    + f'<row r="3">{text("A3", "Faÿ")}{number("B3", "639980001")}{number("C3", "46331.604166666664", 1)}</row>'
    + f'<row r="5">{text("A5", "Le Goff")}{text("B5", "06 39 98 00 02")}{number("C5", "0.5")}</row>'
)


def test_cells_become_json_values(tmp_path: Path) -> None:
    """Whole numbers are integers, dates are ISO 8601 without an offset, and empty rows are skipped."""
    table = ExcelTable(workbook(tmp_path / "leads.xlsx", LEADS))
    assert table.columns == ("Nom", "Tél. portable", "Reçu le")
    assert (
        list(table.rows())
        == list(table.rows())
        == [
            {"Nom": "Faÿ", "Tél. portable": 639980001, "Reçu le": "2026-11-05T14:30:00"},
            {"Nom": "Le Goff", "Tél. portable": "06 39 98 00 02", "Reçu le": 0.5},
        ]
    )
    assert table.form == "Excel"


def test_workbook_needs_no_extension(tmp_path: Path) -> None:
    """Input from a pipe has no name; of several sheets, the first one is read."""
    assert ExcelTable(workbook(tmp_path / "copy", LEADS, sheets=2)).form == "Excel, the first of 2 sheets"


@pytest.mark.parametrize("rows", ["", '<row r="1"/>'])
def test_an_empty_sheet_is_named(tmp_path: Path, rows: str) -> None:
    """An empty first sheet is reported in one line with the fix."""
    with pytest.raises(InputFileError, match=r"The first sheet of 'leads.xlsx' is empty: "):
        ExcelTable(workbook(tmp_path / "leads.xlsx", rows))


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[: len(whole) // 2], lambda _: b"PK\x03\x04", lambda _: b"PK\x05\x06"]
)
def test_a_broken_workbook_is_named(tmp_path: Path, damage: object) -> None:
    """A truncated file, or another kind of ZIP archive, is reported in one line with the fix."""
    path = tmp_path / "leads.xlsx"
    workbook(path, LEADS)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]  # a function
    with pytest.raises(InputFileError, match="is not a readable workbook: save it again"):
        ExcelTable(InputFile(path, "'leads.xlsx'"))


def test_another_zip_is_named(tmp_path: Path) -> None:
    """A ZIP archive that is not a workbook is reported in one line with the fix."""
    path = tmp_path / "leads.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("leads.csv", "a;b\n")
    with pytest.raises(InputFileError, match="is not a readable workbook"):
        ExcelTable(InputFile(path, "'leads.zip'"))


def test_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that reads workbooks, the message says how to install it."""
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(InputFileError, match=r"install singer-seeker-leads\[cli\]"):
        ExcelTable(workbook(tmp_path / "leads.xlsx", LEADS))
