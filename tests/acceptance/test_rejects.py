"""`seeker-leads rejects` as a program: letters fixed in a spreadsheet, and kills at random times."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_cli.rejects.letters import parse
from seeker_leads_sandbox import Sandbox, SandboxOptions
from target_seeker_leads.dead_letters import DeadLetter, DeadLetterFile, to_line
from tests.acceptance.conftest import BIN, PROJECT, shell, wait_for_created
from tests.singer_input import lead

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPORT = PROJECT / "examples" / "export-crm.csv"
KEY = "Réf. contact"
#: A person's corrections of each rejected row, by its key.
FIXES = {
    "C-2046": {"Nom": "Moreau"},
    "C-2052": {"Adresse e-mail": "noemie.tessier@example.org"},
    "C-2058": {"Téléphone portable": "06 39 98 11 51"},
    "C-2063": {"N° annonce": "26ABCDEFGHJK"},
    "C-2069": {"Reçu le": "28/02/2026 09:15"},
    "C-2074": {"Message du contact": "Souhaite être rappelée"},
}
LETTERS, LETTERS_EACH, KILLS, IN_FLIGHT = 200, 25, 30, 10
#: Forks a process for each command on stdin, and prints its process id and then its exit status. A fork has all modules
#: loaded and starts to work at once, so a kill can hit any moment of the work.
FORKS = """if True:
    import gc, json, os, sys
    from seeker_leads_cli.main import main
    gc.freeze()
    for line in sys.stdin:
        process = os.fork()
        if not process:
            log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            try:
                main(json.loads(line))
            except SystemExit as end:
                os._exit(end.code or 0)
            os._exit(70)
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
"""


def configure(folder: Path, api_url: str, **more: Any) -> Path:
    config = folder / "config.json"
    settings = {
        "api_url": api_url,
        "auth_token": "sandbox-token",
        "ledger_url": f"sqlite:///{folder / 'ledger.db'}",
        "rejects_path": str(folder / "rejects.jsonl"),
        **more,
    }
    config.write_text(json.dumps(settings))
    return config


def statuses(folder: Path) -> Counter[str]:
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger:
        return Counter(status for (status,) in ledger.execute("SELECT status FROM seeker_leads_ledger"))


def test_refused_rows_are_fixed_in_a_spreadsheet(account: Sandbox, tmp_path: Path) -> None:
    """Six rejected rows of a French export are exported, fixed, saved as French Excel does, and delivered."""
    config = configure(tmp_path, account.api_url, timezone="Europe/Paris", date_format="%d/%m/%Y %H:%M")

    def tool(*arguments: str | Path) -> str:
        command = [BIN / "python", "-m", "seeker_leads_cli", *arguments, "--config", config]
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, env=shell(tmp_path), timeout=120, cwd=tmp_path
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    tool("send", EXPORT, "--key", KEY)
    assert len(json.loads(tool("rejects", "list", "--json"))) == 6
    exported = tmp_path / "rejects.csv"
    tool("rejects", "export", exported)
    rows = [*csv.DictReader(io.StringIO(exported.read_text("utf-8-sig"), newline=""), delimiter=";")]
    assert {row[KEY] for row in rows} == {*FIXES}
    saved = tmp_path / "rejets Excel.csv"
    with saved.open("w", encoding="cp1252", errors="replace", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]], delimiter=";")
        writer.writeheader()
        writer.writerows({**row, **FIXES[row[KEY]]} for row in rows)
    assert tool("rejects", "retry", "--from", saved) == "6 delivered, 0 failed again\n"
    assert (tmp_path / "rejects.jsonl").read_bytes() == b""
    assert statuses(tmp_path) == {"delivered": 40}
    assert len(account.created) == 40
    assert "2026-02-28T08:15:00Z" in {created["submittedDate"] for created in account.created}


@dataclass
class Forks:
    """Runs each command of the tool in a process that can be killed."""

    server: subprocess.Popen[str]
    config: Path

    def run(self, *arguments: str, kill_after_seconds: float | None = None) -> int:
        """Run a command; return its exit status."""
        assert self.server.stdin
        assert self.server.stdout
        self.server.stdin.write(json.dumps(["rejects", *arguments, "--config", str(self.config)]) + "\n")
        self.server.stdin.flush()
        process = int(self.server.stdout.readline())
        if kill_after_seconds is not None:
            select.select([self.server.stdout], [], [], kill_after_seconds)
            with contextlib.suppress(ProcessLookupError):  # it was faster
                os.kill(process, signal.SIGKILL)
        return int(self.server.stdout.readline())


@contextlib.contextmanager
def forks(folder: Path, api_url: str, **config: Any) -> Iterator[Forks]:
    file = configure(folder, api_url, rate_limit_requests=1000, **config)
    command = [sys.executable, "-c", FORKS, str(folder / "log")]
    environment = shell(folder)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as server:
        yield Forks(server, file)
        assert server.stdin
        server.stdin.close()


@pytest.fixture
def chance() -> random.Random:
    seed = random.randrange(1 << 32)  # noqa: S311  # no secret
    print(f"seed {seed}")  # noqa: T201  # shown when it fails, to play it again
    return random.Random(seed)  # noqa: S311  # as above


def letter(number: int, at: datetime | None = None) -> DeadLetter:
    """A letter whose lead can be sent, except for each tenth one."""
    record = lead(number) if number % 10 else lead(number, email="nobody")
    return DeadLetter("leads", ("id",), record, (), at or datetime.now(timezone.utc))


def kept(path: Path) -> Counter[int]:
    lines = path.read_bytes().splitlines()
    return Counter(letter.record["id"] for line in lines if (letter := parse(line)))


@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_a_killed_retry_loses_nothing(tmp_path: Path, chance: random.Random, policy: str) -> None:
    """After 15 kills, each letter was delivered or is in the file once, also those that were appended in between.

    `retry`: at most the leads in flight at a kill are sent twice. `reject`: no lead is sent twice; those in flight are
    in the file.
    """
    path = tmp_path / "rejects.jsonl"
    file = DeadLetterFile(path)
    numbers = itertools.count()
    kills = 0
    options = SandboxOptions(latency_ms=5, enforce_limit=False)
    with Sandbox.start(options) as sandbox, forks(tmp_path, sandbox.api_url, on_unknown_outcome=policy) as tool:
        for _ in range(KILLS // 2):
            for _ in range(LETTERS_EACH):
                file.append(letter(last := next(numbers)))
            kills += tool.run("retry", kill_after_seconds=chance.uniform(0.0, 0.6)) == -signal.SIGKILL
            created = Counter(created_number(each) for each in sandbox.created)
            there = kept(path)
            assert set(there) | set(created) == set(range(last + 1))
            assert max(there.values()) == 1
        assert tool.run("retry") == 1  # each tenth letter cannot be delivered
        created = Counter(created_number(each) for each in sandbox.created)
    assert kills >= KILLS // 10, "the kills came too late"
    bad = {number for number in range(last + 1) if number % 10 == 0}
    there = kept(path)
    assert max(there.values()) == 1
    twice = created.total() - len(created)
    if policy == "retry":
        assert set(there) == bad
        assert twice <= kills * IN_FLIGHT
    else:
        assert twice == 0
        assert bad <= set(there)
        assert len(set(there) - bad) <= kills * IN_FLIGHT
    assert statuses(tmp_path)["delivered"] == len(set(range(last + 1)) - set(there))
    log = (tmp_path / "log").read_text("utf-8")
    assert [word for word in ("Traceback", "jane", "Dupont", "sandbox-token") if word in log] == []


def created_number(created: dict[str, Any]) -> int:
    return int(created["lastName"].removeprefix("Dupont"))


def test_a_retry_that_is_told_to_stop_ends_in_order(tmp_path: Path) -> None:
    """Requests in progress are settled; each letter is either delivered or in the file."""
    path = tmp_path / "rejects.jsonl"
    path.write_bytes(b"".join(to_line(letter(number)) for number in range(1, LETTERS)))
    with Sandbox.start(SandboxOptions(latency_ms=50, enforce_limit=False)) as sandbox:
        config = configure(tmp_path, sandbox.api_url)
        command = [str(BIN / "python"), "-m", "seeker_leads_cli", "rejects", "retry", "--config", str(config)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=shell(tmp_path)
        ) as tool:
            wait_for_created(sandbox, 20)
            tool.terminate()
            stdout, stderr = tool.communicate(timeout=60)
        created = {created_number(each) for each in sandbox.created}
    assert tool.returncode == 128 + signal.SIGTERM, stderr
    assert stdout.startswith(f"{len(created):,} delivered, ")
    assert set(kept(path)) == set(range(1, LETTERS)) - created


def test_a_killed_purge_loses_nothing(tmp_path: Path, chance: random.Random) -> None:
    """After each of 30 kills, the file is unchanged or without the old letters; no other file stays behind."""
    path = tmp_path / "rejects.jsonl"
    old = datetime.now(timezone.utc) - timedelta(days=100)
    lines = [to_line(letter(number, None if number % 3 else old)) for number in range(LETTERS)]
    before = b"".join(lines)
    after = b"".join(line for number, line in enumerate(lines) if number % 3)
    endings = Counter[int]()
    with forks(tmp_path, "http://127.0.0.1:1/") as tool:
        for _ in range(KILLS):
            path.write_bytes(before)
            endings[tool.run("purge", "--older-than", "90d", kill_after_seconds=chance.uniform(0.0, 0.04))] += 1
            assert path.read_bytes() in (before, after)
        path.write_bytes(before)
        assert tool.run("purge", "--older-than", "90d") == 0
    assert path.read_bytes() == after
    assert not path.with_name("rejects.jsonl.new").exists()
    assert endings[-signal.SIGKILL] >= KILLS // 6, "the kills came too late"
