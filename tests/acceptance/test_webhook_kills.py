"""`kill -9` of the receiver, its run, or both: the bookmark is the queue, so no lead is lost."""

from __future__ import annotations

import random
import shlex
import signal
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.killed_runs import days_ago
from tests.user_programs import BIN
from tests.user_shells import shell_in_project
from tests.waiting import wait_until
from tests.webhook_serving import Serving, subscribe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

KILLS, KILLS_WITH_MELTANO = 30, 2
#: The vendor retries for the whole duration of the test.
PATIENT = SandboxOptions(webhook_attempts=50, webhook_retry_wait_ms=50, webhook_max_failures=100_000)


@pytest.fixture
def rng() -> random.Random:
    seed = random.randrange(1 << 32)  # noqa: S311  # no secret
    print(f"seed {seed}", file=sys.stderr)  # noqa: T201  # shown when it fails, to play it again
    return random.Random(seed)  # noqa: S311  # as above


@pytest.fixture
def account() -> Iterator[Sandbox]:
    with Sandbox.start(PATIENT) as sandbox:
        yield sandbox


@pytest.fixture
def serving(account: Sandbox, tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path, account)
    yield serving
    serving.kill("both")


def test_killed_receivers_and_runs_lose_nothing(serving: Serving, account: Sandbox, rng: random.Random) -> None:
    """After thirty kills at random times, every lead is one row, without a poll."""
    serving.start_quickly()
    subscribe(account, serving.url)
    pause, killed = threading.Event(), {"receiver": 0, "run": 0, "both": 0}
    while sum(killed.values()) < KILLS:
        account.add_leads(rng.randint(1, 3))
        pause.wait(rng.uniform(0, 0.15))
        what = rng.choice(list(killed))
        # A run can be killed only if there is one; after that, none begins for five seconds.
        if what == "run" and not serving.children():
            continue
        killed[what] += serving.kill(what)
        account.add_leads(rng.randint(0, 1))
        if what != "run":
            serving.start_quickly()
    account.add_leads(1)
    serving.wait_for_all(timeout_seconds=60)
    assert min(killed.values()) > 0
    assert serving.process
    assert serving.end() == 0


@pytest.fixture
def environment(tmp_path: Path, account: Sandbox, database_url: str) -> dict[str, str]:
    """The environment of Meltano."""
    return shell_in_project(
        tmp_path,
        account.api_url,
        TAP_SEEKER_LEADS_START_DATE=days_ago(1),
        TARGET_POSTGRES_SQLALCHEMY_URL=database_url,
    )


@pytest.mark.usefixtures("meltano_plugins")
def test_killed_receivers_of_meltano_lose_nothing(
    serving: Serving,
    account: Sandbox,
    rng: random.Random,
    environment: dict[str, str],
    database: psycopg.Connection,
) -> None:
    """With Meltano and PostgreSQL, receiver and pipeline are killed during a run, and every lead arrives.

    After such a kill, Meltano refuses a run for five minutes, unless it gets `--force`.
    """
    command = shlex.join([str(BIN / "meltano"), "run", "--force", "tap-seeker-leads", "target-postgres"])

    def start() -> None:
        options = ("--debounce-seconds", "0", "--recheck-seconds", "2")
        serving.start(*options, command=command, **environment)

    def rows() -> set[str]:
        (name,) = database.execute("SELECT to_regclass('seeker_leads_local.leads')").fetchone() or (None,)
        found = database.execute('SELECT "leadId" FROM seeker_leads_local.leads').fetchall() if name else []
        assert len(found) == len(set(found))
        return {row[0] for row in found}

    start()
    subscribe(account, serving.url)
    for _ in range(KILLS_WITH_MELTANO):
        account.add_leads(2)
        wait_until(serving.children, log=serving)
        threading.Event().wait(rng.uniform(0, 5))
        # The run may have ended by itself before the kill, which is a valid case, too.
        assert serving.kill("both")
        account.add_leads(1)
        start()
    account.add_leads(1)
    expected = account.store.ids()
    wait_until(lambda: rows() >= expected, timeout_seconds=120, log=serving)
    assert rows() == expected
    assert serving.end(signal.SIGTERM) == 0
