"""Hostile files: bombs, endless lines, commands for the terminal. Each gets one line, and memory stays bounded."""

from __future__ import annotations

import itertools
import json
import os
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files.csv_table import CsvTable
from seeker_leads_cli.files.input_file import open_input_file
from seeker_leads_cli.input import InputOptions, open_input
from seeker_leads_cli.main import main
from tests.workbooks import text, workbook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

_HEADER = "Nom;Email;Message\n"
_ROW = "Dupont;jane@example.com;Bonjour\n"
_XML_HEADER = f'<row r="1">{text("A1", "Nom")}{text("B1", "Email")}</row>'


def preview(path: Path | str, *options: str) -> Result:
    return CliRunner().invoke(main, ["preview", str(path), *options])


def refused(ended: Result, words: str) -> None:
    assert ended.exit_code == 2, ended.output
    assert ended.stdout == ""
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1


def given(folder: Path, content: str | bytes) -> Path:
    path = folder / "leads.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rewritten(path: Path, part: str, change: Callable[[str], str]) -> None:
    """Replace a part of a workbook, or add it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    parts[part] = change(parts.get(part, ""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        (_HEADER, "a;" * 200),  # one line
        ("a;" * 200, ""),  # the header itself
        (_HEADER, '"\n";' * 50),  # one row of many lines
        (
            '{"type": "SCHEMA", "stream": "leads", "schema": {"properties": {}}, "key_properties": []}\n',
            '{"type": "RECORD", "x": "' + "a" * 200,
        ),
    ],
)
def test_endless_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, rest: str) -> None:
    """A row is read up to a limit only, so a file of 1 GB without line breaks does not fill the memory."""
    monkeypatch.setattr("seeker_leads_cli.files.lines.LONGEST_ROW", 120)
    refused(preview(given(tmp_path, first + rest)), "belongs to a row of more than 120 characters")


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    """A header of more columns than Excel allows is refused, and checked in linear time."""
    columns = ";".join(f"c{number}" for number in range(100_000))
    refused(preview(given(tmp_path, f"{columns}\n{columns}\n")), "The header has 100,000 columns")


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("XFD1048576", "1,048,576 rows and 16,384 columns"),
        ("AAAAAA4294967295", "4,294,967,295 rows"),
    ],
)
def test_distant_cell_is_refused(tmp_path: Path, cell: str, shown: str) -> None:
    """One cell far from the others would make the workbook's reader allocate gigabytes, and end the process."""
    workbook(tmp_path / "leads.xlsx", f'{_XML_HEADER}<row r="9">{text(cell, "x")}</row>')
    refused(preview(tmp_path / "leads.xlsx"), f"has a sheet of {shown}")


def test_distant_cells_of_a_used_sheet_are_read(tmp_path: Path) -> None:
    """A stray cell in the last row of a sheet with a few columns is not an attack."""
    workbook(tmp_path / "leads.xlsx", f'{_XML_HEADER}<row r="1048576">{text("B1048576", "jane@example.com")}</row>')
    assert preview(tmp_path / "leads.xlsx").exit_code == 0


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/media/image1.png"])
def test_workbook_that_unpacks_to_gigabytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """A workbook is measured before it is read, by all its parts."""
    monkeypatch.setattr("seeker_leads_cli.files.workbook_size._MAX_UNPACKED_BYTES", 1_000_000)
    workbook(tmp_path / "leads.xlsx", _XML_HEADER)
    rewritten(tmp_path / "leads.xlsx", part, lambda _: "A" * 1_000_000)
    refused(preview(tmp_path / "leads.xlsx"), "unpacks to more than 1,000,000 bytes")


@pytest.mark.parametrize("part", ["content.xml", "xl/workbook.bin"])
def test_only_xlsx_is_a_workbook(tmp_path: Path, part: str) -> None:
    """Other workbooks have other ways to be large, so they are not read."""
    workbook(tmp_path / "leads.xlsx", _XML_HEADER)
    with zipfile.ZipFile(tmp_path / "leads.xlsx", "a") as archive:
        archive.writestr(part, "")
    refused(preview(tmp_path / "leads.xlsx"), "is not a readable workbook: save it again as .xlsx")


@pytest.mark.parametrize(
    "entities",
    [
        '<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE l [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_entities_are_not_expanded(tmp_path: Path, entities: str) -> None:
    """A workbook cannot name other files, nor grow by entities."""
    workbook(tmp_path / "leads.xlsx", f'{_XML_HEADER}<row r="2">{text("A2", "&b;")}</row>')
    rewritten(tmp_path / "leads.xlsx", "xl/worksheets/sheet1.xml", lambda sheet: entities + sheet)
    refused(preview(tmp_path / "leads.xlsx"), "is not a readable workbook")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_device_is_refused(device: str) -> None:
    """A device may never end."""
    refused(preview(device), "is a device: give the path of a file")


def test_endless_pipe_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes from a pipe is copied up to a limit only."""
    monkeypatch.setattr("seeker_leads_cli.files.input_file._MAX_COPIED_BYTES", 100_000)
    os.mkfifo(tmp_path / "pipe")

    def write() -> None:
        with (tmp_path / "pipe").open("wb", buffering=0) as pipe:
            try:
                for _ in itertools.repeat(None):
                    pipe.write(b"a;b\n" * 1000)
            except BrokenPipeError:
                pass

    writer = threading.Thread(target=write)
    writer.start()
    refused(preview(tmp_path / "pipe"), "has more than 100,000 bytes: save it as a file")
    writer.join(10)
    assert not writer.is_alive()


@pytest.mark.parametrize("change", [lambda whole: whole[:50], lambda whole: whole + b"\xff\n", lambda _: b""])
def test_file_that_changes_meanwhile_is_named(tmp_path: Path, change: object) -> None:
    """A file that is written, cut or emptied while it is read is reported, and none of its rows is invented."""
    path = given(tmp_path, _HEADER + _ROW * 3)
    with open_input_file(str(path)) as file:
        table = CsvTable(file)
        path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]  # a function
        with pytest.raises(InputFileError, match=r"changed while it was read|has \d+ cells, but the header has 3"):
            list(table.rows())


def test_no_row_of_a_file_that_was_replaced_is_given(tmp_path: Path) -> None:
    """A file that replaces the checked one is refused before its first row: it may be broken at its end."""
    path = given(tmp_path, _HEADER + _ROW * 3)
    with open_input_file(str(path)) as file:
        table = CsvTable(file)
        (tmp_path / "new.csv").write_bytes(path.read_bytes())
        (tmp_path / "new.csv").replace(path)
        with pytest.raises(InputFileError, match="changed while it was read"):
            next(table.rows())


@pytest.mark.parametrize("form", ["csv", "messages"])
def test_no_row_that_was_read_after_a_change_is_given(tmp_path: Path, form: str) -> None:
    """A file that somebody saves in place meanwhile gives no row that is half of one person and half of another."""
    rows = [{"Nom": f"Dupont{number}", "Email": f"jane{number}@example.com"} for number in range(1000)]
    if form == "csv":
        before = "Nom;Email\n" + "".join(f"{row['Nom']};{row['Email']}\n" for row in rows)
        after = before.replace("\n", "\nX;x@example.org\n", 1)
    else:
        before = "".join(json.dumps({"type": "RECORD", "stream": "leads", "record": row}) + "\n" for row in rows)
        after = before.replace("Dupont0", "X", 1)
    path = given(tmp_path, before)
    found: list[object] = []

    def read() -> None:
        with open_input(InputOptions(str(path))) as source, source.messages() as messages:
            while line := messages.readline():
                message = json.loads(line)
                found.extend([message["record"]] if message["type"] == "RECORD" else [])
                if len(found) == 1:
                    path.write_text(after, "utf-8")

    with pytest.raises(InputFileError, match="changed while it was read"):
        read()
    assert found == rows[:1]


def test_file_that_is_gone_is_named(tmp_path: Path) -> None:
    """A file that is removed while it is read is reported in one line."""
    path = given(tmp_path, _HEADER + _ROW)
    with open_input_file(str(path)) as file:
        table = CsvTable(file)
        path.unlink()
        with pytest.raises(InputFileError, match="could not be read to its end"):
            list(table.rows())


@pytest.mark.parametrize("options", [(), ("--json",), ("--key", "no")])
def test_file_cannot_command_the_terminal(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Escape sequences and right-to-left marks in cells, headers and messages have no effect on a terminal."""
    bad = "\x1b]2x\x07\x9b31m\u202e\u200b"
    content = f"Nom{bad};Email;Agence{bad};Reçu{bad}\nDupont{bad};jane@example.com;x{bad};20/11/2026 14:30\n"
    ended = preview(given(tmp_path, content), *options)
    assert [char for char in ended.output if not (char.isprintable() or char == "\n")] == []
    assert "Agence" in ended.output
    if options == ("--json",):
        assert json.loads(ended.stdout)["columns"][2]["name"] == f"Agence{bad}"
