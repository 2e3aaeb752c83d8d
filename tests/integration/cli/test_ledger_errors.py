"""What the commands of `seeker-leads ledger` do with wrong options and ledgers that they cannot use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.ledger_commands import LedgerCommand, delivered
from tests.ledger_tools import execute, rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("find", "--stream", "s", "--key", "5"), "--key must be a JSON object"),
        (("find", "--stream", "s", "--key", '{"id"'), "--key must be a JSON object"),
        (("find", "--stream", "s", "--key", '{"id": null}'), "--key must be a JSON object"),
        (("find", "--stream", "s", "--key", "{}"), "--key must be a JSON object"),
        (("copy", "mysql://u:s3cret@h/d"), "NEW_URL: mysql cannot hold a ledger"),
        (("copy", "nonsense"), "NEW_URL is not a database URL"),
    ],
)
def test_wrong_use_is_one_line(
    ledger_command: LedgerCommand, sqlite_url: str, arguments: tuple[str, ...], words: str
) -> None:
    """The command ends with 2 and names the option, without what may be a password."""
    delivered(sqlite_url, 1, 0)
    ended = ledger_command(*arguments, status=2, ledger_url=sqlite_url, auth_token="t")
    assert words in ended.stderr
    assert "s3cret" not in ended.stderr


@pytest.mark.parametrize("command", [("purge", "--older-than", "1200d"), ("copy", "sqlite:////nowhere/new.db")])
def test_ledger_that_another_program_holds(
    ledger_command: LedgerCommand,
    sqlite_url: str,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    """After the usual wait, the line says to end that program; once it has ended, the command works."""
    delivered(sqlite_url, 3, 1300)
    monkeypatch.setattr("target_seeker_leads.ledger.database._BUSY_TIMEOUT_SECONDS", 0.1)
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        ended = ledger_command(*command, status=1, ledger_url=sqlite_url)
        assert "another process has locked it: end that" in ended.stderr
        assert len(rows(sqlite_url)) == 3
    assert "Deleted 3 rows" in ledger_command("purge", "--older-than", "1200d", ledger_url=sqlite_url).stdout


COMMANDS = [
    ("stats",),
    ("find", "--stream", "s", "--key", '{"id": 5}'),
    ("purge", "--older-than", "1200d"),
    ("purge", "--older-than", "1200d", "--dry-run"),
    ("copy", "sqlite:////nowhere/new.db"),
]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_ledger_that_is_not_there_is_not_made(
    ledger_command: LedgerCommand, url: str, file: Path, arguments: tuple[str, ...]
) -> None:
    """A typo in `ledger_url` is reported, and no empty ledger is created."""
    assert "There is no ledger at " in ledger_command(*arguments, status=2, ledger_url=url, auth_token="t").stderr
    assert not file.parent.exists()


@pytest.mark.parametrize("arguments", COMMANDS)
def test_ledger_of_a_newer_format_is_left_alone(
    ledger_command: LedgerCommand, url: str, arguments: tuple[str, ...]
) -> None:
    """The line says which version is needed."""
    delivered(url, 1, 1300)
    execute(url, "UPDATE seeker_leads_ledger_version SET version = version + 1")
    ended = ledger_command(*arguments, status=2, ledger_url=url, auth_token="t")
    assert "newer version" in ended.stderr
    assert len(rows(url)) == 1


@pytest.mark.parametrize("arguments", COMMANDS)
def test_ledger_that_cannot_be_reached_is_one_line(ledger_command: LedgerCommand, arguments: tuple[str, ...]) -> None:
    """The command ends with 1 and names the location, without the password."""
    url = "postgresql://someone:s3cret@127.0.0.1:9/leads"
    ended = ledger_command(*arguments, status=1, ledger_url=url, auth_token="t")
    assert "The ledger postgresql://someone@127.0.0.1:9/leads could not be opened" in ended.stderr
    assert "s3cret" not in ended.stderr


def test_some_other_file_is_not_a_ledger(ledger_command: LedgerCommand, tmp_path: Path) -> None:
    """The file is named, and stays unchanged."""
    (tmp_path / "leads.csv").write_text("not a database at all, but a text that is long enough\n" * 100)
    ended = ledger_command("stats", status=1, ledger_url=f"sqlite:///{tmp_path / 'leads.csv'}")
    assert "set `ledger_url` to another file" in ended.stderr
