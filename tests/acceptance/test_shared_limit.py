"""Programs that share one account's limit through `rate_limit_url`, with kills in between."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from seeker_leads_api.http.rate_limiter import Limit
from seeker_leads_api.http.shared_limit.limiter import SharedRateLimiter, limit_key
from seeker_leads_api.postgres.location import PostgresLocation
from seeker_leads_sandbox import Sandbox, SandboxOptions
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tests.singer_input import SCHEMA, record
from tests.user_programs import BIN, wait_for_requests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAYS, LEADS = 200, 6_000
DAY_SECONDS = 86_400
#: The limit has no mercy for what a busy machine delays: a request's own way is as long as the machine makes it.
JITTER_MS = 60


@pytest.fixture
def account() -> Iterator[Sandbox]:
    """A sandbox that enforces the documented limit."""
    with Sandbox.start(SandboxOptions(leads=LEADS, days=DAYS, latency_ms=50, jitter_ms=JITTER_MS)) as sandbox:
        yield sandbox


@dataclass
class Runs:
    """Programs on one account, each with its own config, output and log."""

    account: Sandbox
    folder: Path
    database_url: str
    count: int = 0

    def start(
        self, program: str, stdin: Any = None, stderr: Any = None, **config: Any
    ) -> tuple[subprocess.Popen[str], Path, Path]:
        """Start a program; return it with its output and its log, which is empty if the test reads `stderr` itself."""
        self.count += 1
        output, log, file = (self.folder / f"{name}-{self.count}" for name in ("output", "log", "config"))
        settings = {
            "api_url": self.account.api_url,
            "auth_token": self.account.options.token,
            "rate_limit_url": self.database_url,
        }
        file.write_text(json.dumps({**settings, **config}))
        with output.open("w") as stdout, log.open("w") as said:
            process = subprocess.Popen(
                [BIN / program, "--config", file],
                stdin=stdin,
                stdout=stdout,
                stderr=stderr or said,
                text=True,
                env={**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache")},
            )
        return process, output, log

    def tap(self, first_day: int = DAYS + 1, **config: Any) -> tuple[subprocess.Popen[str], Path, Path]:
        start = to_rfc3339(int(time.time()) - first_day * DAY_SECONDS)
        return self.start("tap-seeker-leads", start_date=start, refresh_days=0, **config)


@pytest.fixture
def runs(account: Sandbox, tmp_path: Path, database_url: str) -> Runs:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS seeker_leads_rate_limit")
    return Runs(account, tmp_path, database_url)


def wait_until_it_says(process: subprocess.Popen[str], words: str) -> None:
    """Read the log of a program, whose `stderr` is a pipe, as far as a line with these words."""
    assert process.stderr
    assert any(words in line for line in process.stderr), f"it ended without {words!r}"


def lead_ids(output: Path) -> list[str]:
    messages = map(json.loads, output.read_text().splitlines())
    return [message["record"]["leadId"] for message in messages if message["type"] == "RECORD"]


def assert_limit_was_kept(account: Sandbox) -> None:
    assert account.statistics.max_in_flight <= 10
    assert account.statistics.count(status=429) == 0


def test_backfill_live_run_and_target_at_once_keep_the_limit(runs: Runs, account: Sandbox, tmp_path: Path) -> None:
    """Tap backfill, tap live and target share one account: no 429 at the documented limit, and all is complete."""
    begin = int(time.time()) - 30 * DAY_SECONDS
    messages = [SCHEMA, *(record(number) for number in range(100))]
    (tmp_path / "input").write_text("".join(f"{json.dumps(message)}\n" for message in messages))
    backfill, old, _ = runs.tap(end_date=to_rfc3339(begin))
    live, new, _ = runs.start("tap-seeker-leads", start_date=to_rfc3339(begin), refresh_days=0)
    with (tmp_path / "input").open() as stdin:
        ledger, rejects = f"sqlite:///{tmp_path / 'ledger.db'}", str(tmp_path / "rejects.jsonl")
        target, _, log = runs.start("target-seeker-leads", stdin, ledger_url=ledger, rejects_path=rejects)
    assert [process.wait(120) for process in (backfill, live, target)] == [0, 0, 0], log.read_text()
    assert_limit_was_kept(account)
    ids = lead_ids(old) + lead_ids(new)
    created = {lead["leadId"] for lead in account.created if "leadId" in lead}
    assert len(set(ids) - created) >= LEADS
    assert len(account.created) == 100


def test_limit_holds_after_kills(runs: Runs, account: Sandbox) -> None:
    """Runs that are killed in the middle of requests: the limit is kept, and the others have every lead, at full speed.

    What the killed held is free within 2 s.
    """
    survivor, output, _ = runs.tap()
    for _ in range(2):
        seen = account.statistics.requests
        victim, _, _ = runs.tap(stderr=subprocess.PIPE)
        assert wait_for_requests(account, seen + 20)
        wait_until_it_says(victim, "Reading leads")
        assert wait_for_requests(account, account.statistics.requests + 20)
        victim.kill()
        victim.communicate()
    killed_at = time.monotonic()
    assert survivor.wait(120) == 0
    last, rest, _ = runs.tap(first_day=70)
    assert last.wait(60) == 0
    assert time.monotonic() - killed_at < 60
    assert_limit_was_kept(account)
    assert len(set(lead_ids(output))) == LEADS
    assert lead_ids(rest)


@pytest.fixture
def all_slots(runs: Runs, account: Sandbox) -> Iterator[SharedRateLimiter]:
    """Another run that holds every slot of the account."""
    location = PostgresLocation.parse("rate_limit_url", runs.database_url)
    limiter = SharedRateLimiter(location, limit_key(account.api_url, None), Limit(10, 0.2, 1), report=print)
    with limiter.attempt():
        yield limiter
    limiter.close()


@pytest.mark.usefixtures("all_slots")
def test_stop_ends_a_run_that_waits_for_others(runs: Runs, account: Sandbox) -> None:
    """A run that waits for a slot which another run holds stops soon and gracefully after a signal."""
    tap, _, _ = runs.tap(stderr=subprocess.PIPE)
    wait_until_it_says(tap, "the smallest counts")
    signalled_at = time.monotonic()
    tap.terminate()
    _, said = tap.communicate(timeout=10)
    assert tap.returncode == 128 + 15, said
    assert time.monotonic() - signalled_at < 3
    assert "Stopped by SIGTERM" in said
    assert account.statistics.requests == 0


def test_database_that_dies_ends_the_run(runs: Runs, account: Sandbox, database_url: str) -> None:
    """Without the database no request is made: the run ends with 1 and one line, and the next one goes on."""
    tap, output, log = runs.tap()
    assert wait_for_requests(account, 25)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'seeker-leads-rate-limit'"
        )
    assert tap.wait(30) == 1
    errors = [line for line in log.read_text().splitlines() if "ERROR" in line or "CRITICAL" in line]
    assert len(errors) == 1
    assert "The shared rate limit in postgresql://" in errors[0]
    assert "no request is made without it" in errors[0]
    assert "Traceback" not in log.read_text()
    made = account.statistics.requests
    tap, rest, _ = runs.tap()
    assert tap.wait(60) == 0
    assert made < account.statistics.requests
    assert len({*lead_ids(output), *lead_ids(rest)}) == LEADS
