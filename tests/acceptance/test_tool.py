"""`seeker-leads` as a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.pages import PROJECT
from tests.user_programs import BIN
from tests.user_shells import shell

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox

TOOL: list[str | Path] = [BIN / "python", "-m", "seeker_leads_cli"]
EXPORT = PROJECT / "examples" / "export-crm.csv"


@pytest.mark.parametrize("of_shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(of_shell: str, tmp_path: Path) -> None:
    """With the variable in `docs/cli.md`, the tool prints the shell's completion script."""
    environment = shell(tmp_path, _SEEKER_LEADS_COMPLETE=f"{of_shell}_source")
    ended = subprocess.run(TOOL, capture_output=True, text=True, check=True, env=environment, timeout=60)
    assert "_SEEKER_LEADS_COMPLETE=" in ended.stdout


def test_commands_are_completed(tmp_path: Path) -> None:
    """The completion script's question is answered with the commands that begin so."""
    environment = shell(tmp_path, _SEEKER_LEADS_COMPLETE="bash_complete", COMP_WORDS="seeker-leads se", COMP_CWORD="1")
    ended = subprocess.run(TOOL, capture_output=True, text=True, check=True, env=environment, timeout=60)
    assert "plain,send" in ended.stdout.split()


def test_terminal_shows_progress_and_no_questions(account: Sandbox, tmp_path: Path) -> None:
    """On a terminal, a line shows the progress, and the tool asks no question."""
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {
                "api_url": account.api_url,
                "auth_token": "sandbox-token",
                "ledger_url": f"sqlite:///{tmp_path / 'ledger.db'}",
                "rejects_path": str(tmp_path / "rejects.jsonl"),
                "rate_limit_requests": 5,
                "timezone": "Europe/Paris",
            }
        )
    )
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*TOOL, "send", EXPORT, "--config", config],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=shell(tmp_path),
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        assert process.wait(60) == 0
    assert b" of 40 rows (" in shown
    assert b" left" in shown
    assert b"34 created" in shown
    assert len(account.created) == 34


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # on Linux, the other end is closed
        return b""


@pytest.mark.parametrize(("encoding", "options"), [("ascii", ()), ("ascii", ("--json",)), ("latin-1", ())])
def test_any_output_encoding_works(tmp_path: Path, encoding: str, options: tuple[str, ...]) -> None:
    """Characters that the output cannot encode are replaced; JSON escapes them in ASCII instead."""
    environment = shell(tmp_path, PYTHONIOENCODING=encoding)
    ended = subprocess.run(
        [*TOOL, "preview", EXPORT, *options], capture_output=True, check=False, env=environment, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    if options:
        assert json.loads(ended.stdout.decode(encoding))["columns"][0]["name"] == "Réf. contact"


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """The preview of a file with ten times the rows uses the same memory."""
    header, *rows = EXPORT.read_bytes().replace(b"\n", b" ").replace(b"\r ", b"\n").splitlines(keepends=True)
    code = (
        "import resource, sys\n"
        "from seeker_leads_cli.main import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    peaks = []
    for times in (20, 200):
        path = tmp_path / f"{times}.csv"
        with path.open("wb") as file:
            file.write(header)
            for number in range(times):
                file.writelines(row.replace(b"C-", b"C-%d-" % number) for row in rows)
        ended = subprocess.run(
            [sys.executable, "-c", code, "preview", path, "--json", "--key", "Réf. contact"],
            capture_output=True,
            text=True,
            check=True,
            env=shell(tmp_path),
            timeout=120,
        )
        assert f'"rows": {40 * times}' in ended.stdout
        peaks.append(int(ended.stdout.splitlines()[-1]) / 1024)
    assert peaks[1] - peaks[0] < 10, peaks


def test_unexpected_error_shows_no_personal_data(tmp_path: Path) -> None:
    """A bug is reported with its type and location, without a traceback and without data."""
    code = (
        "import seeker_leads_cli.preview.command as c\n"
        "def fail(*_): raise RuntimeError('luc@example.org')\n"
        "c.survey_of = fail\n"
        "from seeker_leads_cli.main import main\n"
        f"main(['preview', {str(EXPORT)!r}])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=shell(tmp_path), timeout=60
    )
    assert ended.returncode == 1
    assert "Unexpected RuntimeError at " in ended.stderr
    assert "luc@example.org" not in ended.stderr
    assert ended.stderr.count("\n") == 1
