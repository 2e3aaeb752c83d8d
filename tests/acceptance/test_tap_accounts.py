"""The tap's program over many accounts: fair turns, kills and signals."""

from __future__ import annotations

import json
import random
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tests.killed_runs import KilledRuns, after_requests, days_ago

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNTS, LEADS, DAYS, KILLS = 50, 3000, 60, 10
#: The goal, and what a busy machine may add to it.
MOST_WAIT_SECONDS, BUSY_MACHINE_SECONDS = 2.0, 3.0


class KilledRunsOfMany(KilledRuns):
    """The same over many accounts; a lead is one of an account."""

    def lost(self, sandbox: Sandbox) -> set[str]:
        every = {
            lead["metadata"]["leadId"]
            for number in range(1, ACCOUNTS + 1)
            for lead in sandbox.store_of(f"agency-{number}").all()
        }
        return every - set(self.reads)


def configure(runs: KilledRuns, sandbox: Sandbox, **more: Any) -> None:
    runs.configure(
        sandbox,
        auth_token=None,
        auth_url=sandbox.token_url,
        client_id="sandbox",
        client_secret="sandbox",
        accounts=[{"label": f"Agency {n}", "intermediary_id": f"agency-{n}"} for n in range(1, ACCOUNTS + 1)],
        **more,
    )


def test_killed_runs_of_many_accounts_lose_nothing(tmp_path: Path) -> None:
    """Ten times `kill -9` at random requests: every lead of every account comes out, none twice in a run."""
    seed = random.randrange(1 << 32)  # noqa: S311  # no secret
    print(f"seed {seed}")  # noqa: T201  # shown when the test fails
    chance, runs = random.Random(seed), KilledRunsOfMany(tmp_path)  # noqa: S311  # as above
    options = SandboxOptions(accounts=ACCOUNTS, leads=LEADS, days=DAYS, latency_ms=10, enforce_limit=False)
    with Sandbox.start(options) as sandbox:
        configure(runs, sandbox, start_date=days_ago(DAYS + 1), rate_limit_requests=100)
        for number in range(KILLS):
            runs.run(after_requests(sandbox, chance.randint(1, 300)), at_state=number % 3 == 0)
        runs.run()
        assert runs.lost(sandbox) == set()
    assert runs.statuses[-1] == 0
    assert runs.twice_in_a_run == 0


@pytest.mark.parametrize("stopped_by", [signal.SIGTERM, signal.SIGINT])
def test_stopped_run_of_many_accounts_ends_at_once(tmp_path: Path, stopped_by: signal.Signals) -> None:
    """A signal in the middle ends the run within two seconds, with the state of all that is finished."""
    runs = KilledRunsOfMany(tmp_path)
    options = SandboxOptions(accounts=ACCOUNTS, leads=LEADS, days=DAYS, latency_ms=50)
    with Sandbox.start(options) as sandbox:
        # One that waits between two tries, and one that hangs, keep nothing up.
        sandbox.script(
            Fault(FaultKind.STATUS, account="agency-1", retry_after=200, status=503),
            Fault(FaultKind.TIMEOUT, account="agency-2"),
        )
        configure(runs, sandbox, start_date=days_ago(DAYS + 1))
        sent_at: list[float] = []
        moment = after_requests(sandbox, 200)

        def note(process: Any) -> None:
            moment(process)
            sent_at.append(time.monotonic())

        runs.run(note, end_by=stopped_by)
        seconds = time.monotonic() - sent_at[0]
        assert runs.statuses == [128 + stopped_by]
        assert seconds < MOST_WAIT_SECONDS + BUSY_MACHINE_SECONDS
        assert (tmp_path / "state.json").exists()
        sandbox.script()
        assert runs.run()
        assert runs.lost(sandbox) == set()


def test_quiet_accounts_do_not_wait_for_a_busy_one(tmp_path: Path) -> None:
    """Beside an account with 100,000 leads, each of 49 quiet ones is asked for within two seconds."""
    runs = KilledRunsOfMany(tmp_path)
    with Sandbox.start(SandboxOptions(accounts=ACCOUNTS, latency_ms=100)) as sandbox:
        now = int(time.time())
        sandbox.add_leads(ingestion_dates=[now - 3600 - 30 * n for n in range(100_000)], account="agency-1")
        configure(runs, sandbox, start_date=days_ago(40))
        # The window of the quiet ones is short: they were up to date.
        state = {
            "partitions": [
                {"context": {"account": f"Agency {n}"}, "replication_key_value": days_ago(0)}
                for n in range(2, ACCOUNTS + 1)
            ]
        }
        (tmp_path / "state.json").write_text(json.dumps({"bookmarks": {"leads": state}}))
        runs.run(after_requests(sandbox, 300), end_by=signal.SIGTERM)
        records = [record for record in sandbox.statistics.records if record.path == "/leads"]
        began = records[0].started
        first: dict[str | None, float] = {}
        for record in records:
            first.setdefault(record.account, record.started - began)
    assert len(first) == ACCOUNTS
    assert max(first.values()) < MOST_WAIT_SECONDS + BUSY_MACHINE_SECONDS
    print(f"longest wait {max(first.values()):.2f} s")  # noqa: T201  # for who runs it with -s
