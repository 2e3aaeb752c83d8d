"""`seeker-leads rejects` as a program: letters fixed in a spreadsheet, and kills at random times."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import random
import signal
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from target_seeker_leads.dead_letters import DeadLetterFile, to_line
from tests.fork_server import ForkServer, fork_server
from tests.letters import created_number, kept, letter
from tests.pages import PROJECT
from tests.programs import Program
from tests.user_programs import BIN, wait_for_created
from tests.user_shells import shell

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


@dataclass(frozen=True)
class Tool:
    """Runs each command of the tool in a process that can be killed."""

    forks: ForkServer
    config: Path

    def run(self, *arguments: str, kill_after_seconds: float | None = None) -> int:
        """Run a command; return its exit status."""
        folder = self.config.parent
        program = Program(
            ("seeker-leads", "rejects", *arguments, "--config", str(self.config)),
            folder=str(folder),
            stdout=str(folder / "log"),
            stderr=str(folder / "log"),
            environment=shell(folder),
        )
        return self.forks.start(program, kill_after_seconds).wait().status


@contextlib.contextmanager
def forked_tool(folder: Path, api_url: str, **config: Any) -> Iterator[Tool]:
    file = configure(folder, api_url, rate_limit_requests=1000, **config)
    with fork_server() as forks:
        yield Tool(forks, file)


@pytest.fixture
def rng() -> random.Random:
    seed = random.randrange(1 << 32)  # noqa: S311  # no secret
    print(f"seed {seed}")  # noqa: T201  # shown when it fails, to play it again
    return random.Random(seed)  # noqa: S311  # as above


@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_a_killed_retry_loses_nothing(tmp_path: Path, rng: random.Random, policy: str) -> None:
    """After 15 kills, each letter was delivered or is in the file once, also those that were appended in between.

    `retry`: at most the leads in flight at a kill are sent twice. `reject`: no lead is sent twice; those in flight are
    in the file.
    """
    path = tmp_path / "rejects.jsonl"
    file = DeadLetterFile(path)
    numbers = itertools.count()
    kills = 0
    options = SandboxOptions(latency_ms=5, enforce_limit=False)
    with Sandbox.start(options) as sandbox, forked_tool(tmp_path, sandbox.api_url, on_unknown_outcome=policy) as tool:
        for _ in range(KILLS // 2):
            for _ in range(LETTERS_EACH):
                file.append(letter(last := next(numbers)))
            kills += tool.run("retry", kill_after_seconds=rng.uniform(0.0, 0.6)) == -signal.SIGKILL
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


def test_a_killed_purge_loses_nothing(tmp_path: Path, rng: random.Random) -> None:
    """After each of 30 kills, the file is unchanged or without the old letters; no other file stays behind."""
    path = tmp_path / "rejects.jsonl"
    old = datetime.now(timezone.utc) - timedelta(days=100)
    lines = [to_line(letter(number, None if number % 3 else old)) for number in range(LETTERS)]
    before = b"".join(lines)
    after = b"".join(line for number, line in enumerate(lines) if number % 3)
    endings = Counter[int]()
    with forked_tool(tmp_path, "http://127.0.0.1:1/") as tool:
        for _ in range(KILLS):
            path.write_bytes(before)
            endings[tool.run("purge", "--older-than", "90d", kill_after_seconds=rng.uniform(0.0, 0.04))] += 1
            assert path.read_bytes() in (before, after)
        path.write_bytes(before)
        assert tool.run("purge", "--older-than", "90d") == 0
    assert path.read_bytes() == after
    assert not path.with_name("rejects.jsonl.new").exists()
    assert endings[-signal.SIGKILL] >= KILLS // 6, "the kills came too late"
