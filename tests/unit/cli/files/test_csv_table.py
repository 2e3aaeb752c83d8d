from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files.csv_table import CsvTable
from seeker_leads_cli.files.delimiters import DELIMITERS, delimiter_of
from seeker_leads_cli.files.input_file import InputFile

if TYPE_CHECKING:
    from pathlib import Path

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)
ROWS = st.integers(2, 6).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=8))


def table_of(folder: Path, text: str | bytes) -> CsvTable:
    path = folder / "leads.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CsvTable(InputFile(path, "'leads.csv'"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, delimiter=st.sampled_from(DELIMITERS), line_end=st.sampled_from(["\n", "\r\n"]))
def test_every_cell_is_read_back(tmp_path: Path, rows: list[list[str]], delimiter: str, line_end: str) -> None:
    """Whatever a CSV writer wrote is read back, even cells with delimiters, quotes and line breaks."""
    names = [f"column{place}" for place in range(len(rows[0]) if rows else 2)]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows([names, *rows])
    assume(delimiter_of(text.getvalue()) == delimiter)
    table = table_of(tmp_path, text.getvalue())
    assert table.columns == tuple(names)
    expected = [dict(zip(names, row, strict=True)) for row in rows if any(row)]
    assert list(table.rows()) == list(table.rows()) == expected


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("nom;prix\nDurand;1,5\nPetit;2,5\n", ";"),
        ("nom,note\nDurand,a;b\nPetit,c;d\n", ","),
        ("nom\tnote\nDurand\ta;b,c\n", "\t"),
        ('nom;message\nDurand;"Bonjour, un, deux"\nPetit;"a\n,b,\nc"\n', ";"),
        ("nom;prenom", ";"),
        ("nom, prenom;x\n1;2\n3;4\n", ";"),
        ("nom\nDurand\n", None),
        ("", None),
    ],
)
def test_the_delimiter_splits_header_and_rows_alike(text: str, delimiter: str | None) -> None:
    """Delimiters inside cells do not count; if two split the header, the one with the most even rows is used."""
    assert delimiter_of(text) == delimiter


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n  \n", "is empty"),
        ("<html><body>no CSV</body></html>", "is not a CSV"),
        ("nom\nDurand\n", "is not a CSV"),
        ("nom;mail\nDurand;a;b\n", "Line 2 has 3 cells, but the header has 2"),
        ('nom;mail\n"Du\nrand";a\nPetit\n', "Line 4 has 1 cells, but the header has 2"),
        ("nom;mail;nom\n1;2;3\n", "The header has the column 'nom' twice"),
        (
            'nom;mail\n"Durand;a\n' + "Petit;b\n" * 20_000,
            "The row that begins in line 2 has a cell in double quotes that does not end with one",
        ),
    ],
    ids=range(8),
)
def test_broken_table_is_reported_with_the_fix(tmp_path: Path, text: str, words: str) -> None:
    """Each kind of broken file is reported in one line that says where, and what to do."""
    with pytest.raises(InputFileError) as caught:
        list(table_of(tmp_path, text).rows())
    assert words in str(caught.value)
    assert ": " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("later", ["Salut", '"Salut', "Salut\nHugo;hugo@example.org;Hello", 'Le "plus" tard'])
def test_quote_that_is_not_closed_swallows_no_row(tmp_path: Path, later: str) -> None:
    """A message that begins with a quote never contains the people of the following rows: the file is refused."""
    text = f'nom;mail;message\nLuc;luc@example.org;Bonjour\nLéa;lea@example.org;"Bonjour\nJo;jo@example.org;{later}\n'
    with pytest.raises(InputFileError, match="The row that begins in line 3 has a cell in double quotes"):
        list(table_of(tmp_path, text).rows())


def test_quote_within_a_cell_is_a_character(tmp_path: Path) -> None:
    """A cell that does not begin with a quote may contain quotes, as many programs write them."""
    table = table_of(tmp_path, 'nom;message\nLuc;Le "plus" tôt\n')
    assert list(table.rows()) == [{"nom": "Luc", "message": 'Le "plus" tôt'}]


def test_no_message_shows_a_cell(tmp_path: Path) -> None:
    """A row that does not fit is named only by its line."""
    with pytest.raises(InputFileError) as caught:
        list(table_of(tmp_path, "nom;mail\nDurand;luc@example.org;0639980001\n").rows())
    assert "Durand" not in str(caught.value)


def test_empty_rows_are_skipped(tmp_path: Path) -> None:
    """Blank lines, and the rows of empty cells that Excel leaves below a table, are skipped."""
    assert list(table_of(tmp_path, "a;b\n\n1;2\n;\n\r\n").rows()) == [{"a": "1", "b": "2"}]


def test_columns_without_a_name_are_left_out(tmp_path: Path) -> None:
    """A delimiter at the end of each line does not add a column; blanks around names are removed."""
    table = table_of(tmp_path, " a ;;b;\n1;x;2;\n")
    assert table.columns == ("a", "b")
    assert list(table.rows()) == [{"a": "1", "b": "2"}]


def test_detected_format_is_shown(tmp_path: Path) -> None:
    """The detected encoding and delimiter are shown to the user."""
    assert table_of(tmp_path, "a\té\n".encode("cp1252")).form == "CSV in CP1252, with tabs between cells"
    assert table_of(tmp_path, "\ufeffa;é\n").form == "CSV in UTF-8, with ; between cells"
