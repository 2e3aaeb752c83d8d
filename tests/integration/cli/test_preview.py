"""`seeker-leads preview` with realistic files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from seeker_leads_cli.main import main
from tests.workbooks import number, text, workbook

if TYPE_CHECKING:
    from click.testing import Result

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
#: The meanings of the columns of `examples/export-crm.csv`. All other columns are not used.
MEANINGS = {
    "Civilité": "gender",
    "Nom": "lastName",
    "Prénom": "firstName",
    "Adresse e-mail": "email",
    "Téléphone portable": "phoneNumbers",
    "Téléphone fixe": "phoneNumbers",
    "Langue": "language",
    "N° annonce": "classifiedId",
    "Reçu le": "submittedDate",
    "Message du contact": "message",
    "Commentaire(s)": "message",
}
ROW = "Durand;luc@example.org;06 39 98 00 01;26ABCDEFGHJK;2026-11-05T14:30:00Z;Bonjour\n"
HEADER = "Nom;E-mail;Portable;Réf. annonce;Reçu le;Message\n"


def preview(*arguments: str | Path, given: bytes = b"", **environment: str) -> Result:
    return CliRunner().invoke(main, ["preview", *map(str, arguments)], input=given, env=environment)


def preview_of(*arguments: str | Path, given: bytes = b"", **environment: str) -> dict[str, Any]:
    ended = preview(*arguments, "--json", given=given, **environment)
    assert ended.exit_code == 0, ended.stderr
    result: dict[str, Any] = json.loads(ended.stdout)
    return result


def fields_of(result: dict[str, Any]) -> dict[str, str]:
    return {column["name"]: column["field"] for column in result["columns"] if column["field"]}


@pytest.mark.parametrize("timezone", ["", "Europe/Paris"])
def test_french_export_needs_no_settings(timezone: str) -> None:
    """Without settings, each of 27 French headers is understood or shown as not used, and each bad row is counted."""
    result = preview_of(EXAMPLES / "export-crm.csv", TARGET_SEEKER_LEADS_TIMEZONE=timezone)
    assert len(result["columns"]) == 27
    assert fields_of(result) == MEANINGS
    assert [column["used"] for column in result["columns"]] == [
        column["name"] in MEANINGS for column in result["columns"]
    ]
    assert [result[name] for name in ("rows", "sendable", "rejected", "doubled")] == [40, 34, 6, 0]
    reasons = {(reason["field"], reason["count"]) for reason in result["reasons"]}
    assert reasons == {
        (field, 1)
        for field in ("lastName", "email", "phoneNumbers[0].number", "classifiedId", "submittedDate", "message")
    }


def test_template_needs_no_settings() -> None:
    """Each column of the template is understood; one of them is the key."""
    result = preview_of(EXAMPLES / "leads-template.csv", "--key", "Référence contact")
    assert all(column["used"] for column in result["columns"])
    assert (result["rows"], result["sendable"]) == (1, 1)


def test_text_shows_samples_and_vague_names() -> None:
    """The table shows the meaning of each column and sample values, and marks vague names."""
    header = HEADER.replace("Reçu le", "Date").replace("Réf. annonce", "Annonce")
    ended = preview("-", given=(header + ROW).encode())
    assert ended.exit_code == 0
    assert "stdin, CSV in UTF-8, with ; between cells: 1 row\n" in ended.stdout
    assert ended.stdout.count("vague name: used because no better one was found") == 2
    assert "luc@example.org" in ended.stdout
    assert "1 would be sent, 0 rejected, 0 duplicates" in ended.stdout
    assert "No key: " in ended.stdout


def test_json_contains_no_personal_data() -> None:
    """The JSON contains names of columns, rules and counts, but no values."""
    ended = preview("-", "--json", given=(HEADER + ROW.replace("06 39", "6")).encode())
    assert not [value for value in ROW.strip().split(";") if value in ended.stdout]


def test_control_sequences_are_not_shown() -> None:
    """A value cannot clear the screen or set the title of the terminal."""
    ended = preview("-", given=(HEADER + ROW.replace("Bonjour", "\x1b[2J\x07 [bold]hallo")).encode())
    assert "\x1b" not in ended.stdout
    assert "[bold]hallo" in ended.stdout


def test_repeated_rows_are_counted() -> None:
    """Repeated rows are recognised by their content or by their key."""
    rows = ROW + ROW + ROW.replace("Durand", "Petit")
    assert preview_of("-", given=(HEADER + rows).encode())["doubled"] == 1
    result = preview_of("-", "--key", "E-mail", given=(HEADER + rows).encode())
    assert (result["sendable"], result["doubled"]) == (1, 2)


def test_an_excel_file_is_read(tmp_path: Path) -> None:
    """Dates and numbers of a workbook are read as the sheet shows them, in the time zone of the settings."""
    values = ["Faÿ", "zoe@example.org", None, "26ABCDEFGHJK", None, "Bonjour"]
    cells = [text(f"{letter}2", value) for letter, value in zip("ABCDEF", values, strict=True) if value]
    cells[2:2] = [number("C2", "639980001")]
    cells[4:4] = [number("E2", "46331.604166666664", 1)]
    names = "".join(text(f"{letter}1", name) for letter, name in zip("ABCDEF", HEADER.strip().split(";"), strict=True))
    given = workbook(tmp_path / "leads.xlsx", f'<row r="1">{names}</row><row r="2">{"".join(cells)}</row>')
    result = preview_of(given.path)
    assert (result["rows"], result["sendable"]) == (1, 1)
    assert preview_of("-", given=given.path.read_bytes()) == result


def test_singer_messages_are_read(tmp_path: Path) -> None:
    """Messages keep their own streams and keys; nested values are named with their object."""
    record = {"id": 1, "contact": {"nom": "Durand", "email": "luc@example.org", "mobile": "06 39 98 00 01"}, "x": 1}
    record |= {"message": "Bonjour", "classified_id": "26ABCDEFGHJK", "created_at": "2026-11-05"}
    schema = {"type": "SCHEMA", "stream": "crm", "schema": {"properties": {}}, "key_properties": ["id"]}
    lines = [schema, *[{"type": "RECORD", "stream": "crm", "record": record}] * 2, {"type": "STATE", "value": {}}]
    path = tmp_path / "messages.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = preview_of(path)
    assert (result["rows"], result["sendable"], result["doubled"]) == (2, 1, 1)
    assert fields_of(result)["contact.nom"] == "lastName"
    used = {column["name"]: column["used"] for column in result["columns"]}
    assert (used["id"], used["x"]) == (True, False)


def test_stream_maps_count(tmp_path: Path) -> None:
    """A preview shows the columns of the file, with the results of stream maps."""
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {
                "stream_maps": {
                    "leads": {
                        "lastName": "record['Nom complet'].split(' ')[-1]",
                        "language": "'FR'",
                        "__filter__": "Statut != 'perdu'",
                    }
                }
            }
        )
    )
    header, row = HEADER.replace("Nom", "Nom complet;Statut"), ROW.replace("Durand", "Luc Durand;neuf")
    rows = row + row.replace("neuf", "perdu")
    result = preview_of("-", "--config", config, given=(header + rows).encode())
    assert (result["rows"], result["sendable"]) == (1, 1)
    assert fields_of(result)["Nom complet"] == "lastName"
    assert {column["name"]: column["used"] for column in result["columns"]}["Statut"]


def test_missing_settings_are_proposed(tmp_path: Path) -> None:
    """The proposed settings contain what the target needs; with them, every row can be sent."""
    header = "Nom complet;Courriel perso;À joindre au;Bien;Quand\n"
    row = "Luc Durand;luc@example.org;06 39 98 00 01;26ABCDEFGHJK;05/11/2026 14:30\n"
    path = tmp_path / "leads.csv"
    path.write_text(header + row)
    result = preview(path).stdout
    assert "0 would be sent, 1 rejected" in result
    block = yaml.safe_load(result.partition("for `config:` of the target:\n")[2].partition("\n\n`timezone`")[0])
    assert block == {
        "date_format": ["%d/%m/%Y %H:%M"],
        "timezone": "Europe/Paris",
        "defaults": {"message": "(sans message)"},
        "stream_maps": {
            "leads": {
                "lastName": "record['Nom complet']",
                "email": "record['Courriel perso']",
                "phoneNumbers": "record['À joindre au']",
                "classifiedId": "record['Bien']",
                "submittedDate": "record['Quand']",
            }
        },
    }
    config = tmp_path / "config.json"
    config.write_text(json.dumps(block))
    assert preview_of(path, "--config", config)["sendable"] == 1
    assert "Suggested settings" not in preview(path, "--config", config).stdout


def test_proposed_settings_for_a_file_are_json(tmp_path: Path) -> None:
    """With `--config`, the settings are proposed in the format of that file."""
    config = tmp_path / "config.json"
    config.write_text("{}")
    result = preview("-", "--config", config, given=(HEADER + ROW.replace("T14:30:00Z", "")).encode()).stdout
    assert json.loads(result[result.index("{") : result.rindex("}") + 1]) == {"timezone": "Europe/Paris"}


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        (("-",), b"", "stdin is empty"),
        (("-",), b"nom;mail\n1;2;3\n", "Line 2 has 3 cells"),
        (("-",), b"nom;nom\n1;2\n", "'nom' twice"),
        (("-",), b"nom;mail\n1;\0\n", "contains a NUL"),
        (("-", "--encoding", "utf-8"), b"nom;mail\n\xe9;2\n", "Line 2 of the file is not utf-8"),
        (("-", "--encoding", "x"), b"nom;mail\n", "--encoding 'x' is unknown"),
        (("-", "--key", "id"), b"nom;mail\n", "--key 'id' is not a column"),
        (("-", "--key", "id"), b'{"type": "STATE", "value": 1}\n', "define their own keys"),
        (("-",), b'{"type": "STATE", "value": 1}\nhello\n', "Line 2 of the input is not JSON"),
        (("-",), b"PK\x03\x04broken", "is not a readable workbook"),
        ((".",), b"", "is a folder"),
        (("nothing.csv",), b"", "does not exist"),
        (("-", "--config", "nothing.json"), b"nom;mail\n", "does not exist"),
    ],
)
def test_bad_input_is_reported_in_one_line_with_the_fix(arguments: tuple[str, ...], given: bytes, words: str) -> None:
    """A wrong file or option ends the command with status 2 and one line."""
    ended = preview(*arguments, given=given)
    assert ended.exit_code == 2
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_a_wrong_setting_is_named() -> None:
    """A preview refuses a setting that a run would refuse."""
    ended = preview("-", given=(HEADER + ROW).encode(), TARGET_SEEKER_LEADS_TIMEZONE="Paris")
    assert ended.exit_code == 2
    assert ended.stderr.startswith("`timezone` must be an IANA name")


@pytest.mark.parametrize("rows", ["", ";;;;;\n"])
def test_file_without_rows_is_not_an_error(rows: str) -> None:
    """An export without leads has only a header, whose columns are still recognised."""
    result = preview_of("-", given=(HEADER + rows).encode())
    assert result["rows"] == 0
    assert set(fields_of(result).values()) >= {"lastName", "email", "phoneNumbers", "classifiedId", "message"}
