"""The tap's program over many accounts: fair turns, kills and signals."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tests.killed_runs import TAP, KilledRuns, after_requests, days_ago
from tests.pages import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

ACCOUNTS, LEADS, DAYS, KILLS = 50, 3000, 60, 10
#: The goal, and what a busy machine may add to it.
MAX_WAIT_SECONDS, BUSY_MACHINE_SECONDS = 2.0, 3.0


#: The numbers of two accounts that cannot be read: one is refused, one answers 500 forever. Another one is slow.
FAILING = {7, 8}
FAULTS = (
    Fault(FaultKind.STATUS, path="/oauth/token", account="agency-7", status=403),
    Fault(FaultKind.STATUS, account="agency-8"),
    Fault(FaultKind.SLOW, account="agency-9", delay_ms=300),
)


class KilledRunsOfMany(KilledRuns):
    """The same over many accounts; a lead is one of an account."""

    def lost(self, sandbox: Sandbox, *, except_for: frozenset[int] = frozenset()) -> set[str]:
        every = {
            lead["metadata"]["leadId"]
            for number in {*range(1, ACCOUNTS + 1)} - except_for
            for lead in sandbox.store_of(f"agency-{number}").all()
        }
        return every - set(self.reads)


def configure(runs: KilledRuns, sandbox: Sandbox, **more: Any) -> None:
    runs.configure_accounts(sandbox, {f"Agency {n}": f"agency-{n}" for n in range(1, ACCOUNTS + 1)}, **more)


def test_killed_runs_of_many_accounts_lose_nothing(tmp_path: Path) -> None:
    """Ten times `kill -9`, while two accounts fail and one is slow: every other lead comes out, none twice in a run."""
    seed = random.randrange(1 << 32)  # noqa: S311  # no secret
    print(f"seed {seed}")  # noqa: T201  # shown when the test fails
    rng, runs = random.Random(seed), KilledRunsOfMany(tmp_path)  # noqa: S311  # as above
    options = SandboxOptions(accounts=ACCOUNTS, leads=LEADS, days=DAYS, latency_ms=10, enforce_limit=False)
    with Sandbox.start(options) as sandbox:
        sandbox.script(*FAULTS)
        configure(runs, sandbox, start_date=days_ago(DAYS + 1), rate_limit_requests=100, max_retries=2)
        for number in range(KILLS):
            runs.run(after_requests(sandbox, rng.randint(1, 300)), at_state=number % 3 == 0)
        runs.run()
        assert runs.lost(sandbox, except_for=frozenset(FAILING)) == set()
    assert runs.statuses[-1] == 1
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
        assert seconds < MAX_WAIT_SECONDS + BUSY_MACHINE_SECONDS
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
    assert max(first.values()) < MAX_WAIT_SECONDS + BUSY_MACHINE_SECONDS
    print(f"longest wait {max(first.values()):.2f} s")  # noqa: T201  # shown with -s


def test_failing_accounts_do_not_stop_others_in_postgresql(
    tmp_path: Path,
    meltano_plugins: None,  # noqa: ARG001  # it brings the loader
    database: psycopg.Connection,
    database_url: str,
) -> None:
    """One of 50 is refused, one answers 500 for ever, one is slow: the rows of the 48 others arrive, and status 1.

    The last line names the two; the bookmark of each account is right.
    """
    with Sandbox.start(SandboxOptions(accounts=ACCOUNTS, leads=LEADS, days=DAYS, enforce_limit=False)) as sandbox:
        sandbox.script(*FAULTS)
        runs = KilledRunsOfMany(tmp_path)
        configure(runs, sandbox, start_date=days_ago(DAYS + 1), rate_limit_requests=1000, max_retries=2)
        loader = PROJECT / ".meltano" / "loaders" / "target-postgres" / "venv" / "bin" / "target-postgres"
        loader_config = {"sqlalchemy_url": database_url, "default_target_schema": "seeker_leads_local"}
        (tmp_path / "loader.json").write_text(json.dumps(loader_config))
        before = days_ago(0)
        with (
            subprocess.Popen(
                [TAP, "--config", tmp_path / "config.json"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
                text=True,
            ) as tap,
            subprocess.Popen(
                [loader, "--config", tmp_path / "loader.json"],
                stdin=tap.stdout,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            ) as target,
        ):
            assert tap.stderr
            log = tap.stderr.read()
            assert target.stdout
            states = target.stdout.read().splitlines()
        assert (tap.returncode, target.returncode) == (1, 0)
        last = log.strip().splitlines()[-1]
        assert "2 of 50 accounts could not be read to the end. Agency " in last
        assert "Agency 7: No token" in last
        assert "Agency 8: GET /leads answered 500" in last
        found = database.execute('SELECT "account", "leadId" FROM seeker_leads_local.leads').fetchall()
        expected = {
            (f"Agency {number}", lead["metadata"]["leadId"])
            for number in range(1, ACCOUNTS + 1)
            if number not in FAILING
            for lead in sandbox.store_of(f"agency-{number}").all()
        }
        assert set(found) == expected
    partitions = json.loads(states[-1])["bookmarks"]["leads"]["partitions"]
    bookmarks = {part["context"]["account"]: part.get("replication_key_value") for part in partitions}
    assert {label for label, value in bookmarks.items() if value and value >= before} == {
        f"Agency {number}" for number in range(1, ACCOUNTS + 1) if number not in FAILING
    }


def test_each_agency_can_have_a_schema_of_its_own(
    tmp_path: Path,
    meltano_plugins: None,  # noqa: ARG001  # it brings the loader
    database: psycopg.Connection,
    database_url: str,
) -> None:
    """The stream maps of the page put each agency's leads into its own schema, and nothing anywhere else."""
    page = (PROJECT / "docs" / "accounts.md").read_text("utf-8").partition("## A schema for each agency")[2]
    block = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    maps = block["plugins"]["extractors"][0]["config"]["stream_maps"]
    loader_config = {"sqlalchemy_url": database_url, **block["plugins"]["loaders"][0]["config"]}
    labels = ["Agence du Port", "Agence du Parc", "Agence des Halles"]
    with Sandbox.start(SandboxOptions(accounts=3, leads=60, days=10, enforce_limit=False)) as sandbox:
        runs = KilledRunsOfMany(tmp_path)
        agencies = {label: f"agency-{number}" for number, label in enumerate(labels, start=1)}
        runs.configure_accounts(sandbox, agencies, stream_maps=maps, start_date=days_ago(11))
        loader = PROJECT / ".meltano" / "loaders" / "target-postgres" / "venv" / "bin" / "target-postgres"
        (tmp_path / "loader.json").write_text(json.dumps(loader_config))
        output = subprocess.run([TAP, "--config", tmp_path / "config.json"], capture_output=True, check=True).stdout
        subprocess.run([loader, "--config", tmp_path / "loader.json"], input=output, capture_output=True, check=True)
        try:
            for number, schema in enumerate(("port", "parc"), start=1):
                found = database.execute(f'SELECT "leadId" FROM {schema}.leads').fetchall()  # noqa: S608  # the names above
                mine = sandbox.store_of(f"agency-{number}").ids()
                assert {lead_id for (lead_id,) in found} == mine
        finally:
            database.execute("DROP SCHEMA IF EXISTS port, parc CASCADE")
