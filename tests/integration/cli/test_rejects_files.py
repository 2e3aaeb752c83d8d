"""Files of `seeker-leads rejects`: exports, corrections in a spreadsheet, and files that cannot be used."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
from typing import TYPE_CHECKING

import pytest

from seeker_leads_cli.rejects import export
from target_seeker_leads import locked_file
from tests.posted_leads import created_names
from tests.rejects_commands import BAD, RejectsCommand, fixed, nobody_is_named, one_line

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox


def test_letters_fixed_in_a_spreadsheet_are_delivered(
    rejects: RejectsCommand, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Letters of several streams are delivered; the same file given again changes nothing."""
    file = tmp_path / "rejects.csv"
    exported = rejects("export", file)
    assert (exported.exit_code, exported.stdout) == (0, "3 exported\n")
    nobody_is_named(exported)
    fixed(file, email="jane@example.com", last_name="Fixed")
    ended = rejects("retry", "--from", file)
    assert (ended.exit_code, ended.stdout) == (0, "3 delivered, 0 failed again\n")
    assert rejects.lines == b""
    assert created_names(sandbox) == ["Fixed"] * 3
    assert {lead["message"][-1] for lead in sandbox.created} == {"1", "2", "3"}
    again = rejects("retry", "--from", file)
    assert (again.exit_code, again.stdout) == (0, "0 delivered, 0 failed again\n")
    assert "Skipped 3 rows whose letters were delivered or purged" in again.stderr


def test_insufficient_correction_is_kept(rejects: RejectsCommand, sandbox: Sandbox, tmp_path: Path) -> None:
    """The letter keeps its id and gets the new values, so the same file can be corrected again."""
    file = tmp_path / "rejects.csv"
    ids = rejects.ids
    rejects("export", file)
    fixed(file, email="jane at example.com", last_name="Fixed")
    ended = rejects("retry", ids[0], "--from", file)
    assert ended.stdout == "0 delivered, 1 failed again\n"
    assert rejects.ids == ids
    first, second, _ = map(json.loads, rejects.lines.splitlines())
    assert (first["record"]["email"], second["record"]["email"]) == ("jane at example.com", BAD)
    fixed(file, email="jane@example.com")
    assert rejects("retry", "--from", file).stdout == "3 delivered, 0 failed again\n"
    assert (rejects.lines, len(sandbox.created)) == (b"", 3)


def test_a_wrong_file_changes_nothing(rejects: RejectsCommand, sandbox: Sandbox, tmp_path: Path) -> None:
    """The command ends with one line and 2."""
    before = rejects.lines
    file = tmp_path / "other.csv"
    file.write_text("nom;mail\nDurand;luc@example.org\n")
    one_line(rejects("retry", "--from", file), 2, "has no column `letter_id`")
    one_line(rejects("retry", "--from", tmp_path / "none.csv"), 2, "does not exist")
    assert rejects.lines == before
    assert not sandbox.created


def test_full_disk_during_the_export(rejects: RejectsCommand, tmp_path: Path) -> None:
    """The command ends with one line, and no incomplete file stays."""
    file = tmp_path / "rejects.csv"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, limits[1]))
    try:
        ended = rejects("export", file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    one_line(ended, 1, "could not be written (File too large): give a path on a disk with free space")
    assert not file.exists()


def test_signal_during_the_export(rejects: RejectsCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No part of the letters stays: it would look like all of them."""

    def stop(*_: object) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return ""

    monkeypatch.setattr(export, "in_words", stop)
    file = tmp_path / "rejects.csv"
    assert rejects("export", file).exit_code == 128 + signal.SIGINT
    assert not file.exists()


@pytest.mark.parametrize("command", [("retry",), ("purge", "--older-than", "0m")])
def test_file_locked_by_another_program(
    rejects: RejectsCommand, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Nothing is sent or changed; one line says how to find the program."""
    monkeypatch.setattr(locked_file, "LOCK_TIMEOUT_SECONDS", 0.0)
    before = rejects.lines
    handle = os.open(rejects.target.rejects_path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        one_line(rejects(*command), 1, "another program has locked the file (`fuser` shows which one)")
    finally:
        os.close(handle)
    assert rejects.lines == before
    assert not sandbox.created
