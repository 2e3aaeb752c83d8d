from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pytest

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.rejects.columns import ID
from seeker_leads_cli.rejects.edits import edits_in
from seeker_leads_cli.rejects.export import export
from seeker_leads_cli.rejects.letters import Letter
from target_seeker_leads.dead_letters import Reason
from tests.workbooks import number, text, workbook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Rows = list[list[str]]
RECORDS: list[dict[str, Any]] = [
    {"id": 7, "Nom": None, "Téléphone": "+33 6 39", "price": Decimal("1.10"), "contact": {"email": "luc(at)x"}},
    {"id": 8, "Nom": "D'Artois", "Message": '=1\r\n;"é"', "ok": True, "=sum": "🙂 Łódź", "  spaced  name ": 1},
]
LETTERS = {
    id_: Letter(id_, "leads", ("id",), record, (Reason("email", "is\nwrong", "Fix it"),), None)
    for id_, record in zip(("r" + "a" * 15, "r" + "1" * 15), RECORDS, strict=True)
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "rejects.csv"
    export([*LETTERS.values()], file)
    return file


def rewrite(path: Path, change: Callable[[Rows], object], encoding: str = "utf-8-sig", delimiter: str = ";") -> None:
    rows = [*csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=";")]
    change(rows)
    with path.open("w", encoding=encoding, errors="replace", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


def records(path: Path) -> list[dict[str, Any]]:
    return [dict(letter.record) for letter in edits_in(str(path), LETTERS).letters]


def cell(place: str, value: Any) -> str:
    return text(place, escape(value)) if isinstance(value, str) else number(place, str(value))


def nothing(_: Rows) -> None:
    """Change nothing."""


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_unchanged_cells_keep_their_values(path: Path, encoding: str, delimiter: str) -> None:
    """Whatever encoding and delimiter the file is saved with, types, nulls and special characters are kept."""
    rewrite(path, nothing, encoding, delimiter)
    assert records(path) == RECORDS
    assert [*records(path)[1]] == [*RECORDS[1]]


def test_the_file_is_for_excel(path: Path) -> None:
    """It has a byte order mark, semicolons, first the id, last the reasons; absent, null and empty cells are empty."""
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfletter_id;id;Nom;")
    rows = [*csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")]
    assert rows[0] == [
        *(ID, "id", "Nom", "Téléphone", "price", "contact", "Message", "ok", "'=sum", "spaced name"),
        "letter_reasons",
    ]
    assert rows[1] == [
        *("r" + "a" * 15, "7", "", "'+33 6 39", "1.10", '{"email":"luc(at)x"}', "", "", "", ""),
        "`email` is\nwrong. Fix it",
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_changed_cells_are_read(path: Path) -> None:
    """Changed values of every type, and added columns, are read."""

    def fix(rows: Rows) -> None:
        rows[0].append("submittedDate")
        rows[1][2], rows[1][5] = "Durand", '{"email": "luc@x.org"}'
        rows[1].append("2026-11-20")
        rows[2].append("")

    rewrite(path, fix)
    first = {**RECORDS[0], "Nom": "Durand", "contact": {"email": "luc@x.org"}, "submittedDate": "2026-11-20"}
    assert records(path) == [first, RECORDS[1]]


def test_workbook_is_accepted(path: Path) -> None:
    """In an .xlsx file, cells can be numbers or dates."""
    rows: list[list[Any]] = [*csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=";")]
    rows[1][1], rows[1][2], rows[1][4] = 7, "Durand", 1.1
    file = path.with_suffix(".xlsx")
    places = [[f"{column}{number}" for column in "ABCDEFGHIJK"] for number in range(1, 4)]
    workbook(file, "".join(f"<row>{''.join(map(cell, *pair))}</row>" for pair in zip(places, rows, strict=True)))
    assert records(file) == [{**RECORDS[0], "Nom": "Durand"}, RECORDS[1]]


def test_rows_may_be_deleted(path: Path) -> None:
    """If a row is deleted, its letter stays as it is; columns that only this letter has may be deleted, too."""

    def keep_one(rows: Rows) -> None:
        rows.pop()
        for row in rows:
            del row[6:10]

    rewrite(path, keep_one)
    assert records(path) == RECORDS[:1]


def test_removed_letters_are_named(path: Path) -> None:
    """The ids of letters that were delivered in the meantime are reported."""
    gone = "r" + "f" * 15
    rewrite(path, lambda rows: rows.append([gone] + [""] * 10))
    edits = edits_in(str(path), LETTERS)
    assert ([letter.id for letter in edits.letters], edits.gone) == ([*LETTERS], (gone,))


def drop(column: int) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        for row in rows:
            del row[column]

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drop(0), "has no column `letter_id`"),
        (drop(2), "has no column 'Nom', which the letters have: restore it"),
        (lambda rows: rows.append([""] + ["x"] * 10), "Row 3 of .* has no letter id"),
        (lambda rows: rows.append(["1.23E+15"] + ["x"] * 10), "rows cannot be added"),
        (lambda rows: rows.append(rows[1]), "has the id raaaaaaaaaaaaaaa in 2 rows"),
        (lambda rows: rows.append(["x"]), "has 1 cells, but the header has 11"),
    ],
)
def test_file_that_is_not_an_export_is_refused(path: Path, change: Callable[[Rows], None], words: str) -> None:
    """The message is one line with the fix."""
    rewrite(path, change)
    with pytest.raises(InputFileError, match=words) as refused:
        edits_in(str(path), LETTERS)
    assert "\n" not in str(refused.value)


def test_messages_are_not_an_export(tmp_path: Path) -> None:
    """The file of dead letters itself is not an export."""
    file = tmp_path / "letters.jsonl"
    file.write_text('{"type": "RECORD"}\n')
    with pytest.raises(InputFileError, match="contains Singer messages"):
        edits_in(str(file), LETTERS)


def test_existing_file_is_not_overwritten(path: Path) -> None:
    """An existing file may contain corrections."""
    before = path.read_bytes()
    with pytest.raises(InputFileError, match="already exists"):
        export([], path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["", "letter_id", " letter_reasons"])
def test_columns_without_a_unique_heading_are_refused(tmp_path: Path, name: str) -> None:
    """Columns that could not be read back are not exported."""
    odd = Letter("r" + "b" * 15, "leads", (), {name: 1, "a": 2}, (), None)
    with pytest.raises(InputFileError, match="A record has a column"):
        export([odd], tmp_path / "odd.csv")
    assert not (tmp_path / "odd.csv").exists()
