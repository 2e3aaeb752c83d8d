"""A backfill in shards, as in docs/operations.md: `meltano el … --state-id`."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tests.pages import PROJECT
from tests.user_programs import BIN
from tests.user_shells import shell_in_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

HOUR_SECONDS, DAY_SECONDS = 3600, 86400
#: Midnight, 40 days ago: the shards begin 0 and 15 days after it, and each is 15 days long.
ORIGIN = (int(time.time()) // DAY_SECONDS - 40) * DAY_SECONDS
SHARD_DAYS = 15
STARTS = {"backfill-1": 0, "backfill-2": SHARD_DAYS}
#: Where an earlier run of each shard was interrupted, in days after its start.
READ_DAYS = {"backfill-1": 10, "backfill-2": 3}


def instant(days: float) -> str:
    return to_rfc3339(ORIGIN + int(days * DAY_SECONDS))


@pytest.fixture
def account() -> Iterator[Sandbox]:
    """A sandbox with a lead ten minutes past every hour of both shards."""
    with Sandbox.start(SandboxOptions()) as sandbox:
        hours = range(2 * SHARD_DAYS * 24)
        sandbox.add_leads(ingestion_dates=[ORIGIN + hour * HOUR_SECONDS + 600 for hour in hours])
        yield sandbox


@pytest.fixture
def shard(account: Sandbox, database_url: str, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the pipeline from one day to another, with its own state."""

    def start(state_id: str, first_day: int, end_day: int) -> subprocess.Popen[str]:
        environment = shell_in_project(
            tmp_path,
            account.api_url,
            TAP_SEEKER_LEADS_START_DATE=instant(first_day),
            TAP_SEEKER_LEADS_END_DATE=instant(end_day),
            TAP_SEEKER_LEADS_RATE_LIMIT_REQUESTS="5",
            TAP_SEEKER_LEADS_MAX_CONCURRENT_REQUESTS="5",
            TAP_SEEKER_LEADS_LOOKBACK_SECONDS="0",  # so that the leads show which bookmark a run began with
            TARGET_POSTGRES_SQLALCHEMY_URL=database_url,
        )
        return subprocess.Popen(
            [BIN / "meltano", "el", "tap-seeker-leads", "target-postgres", f"--state-id={state_id}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=PROJECT,
            env=environment,
        )

    return start


def assert_ends_well(process: subprocess.Popen[str]) -> None:
    with process:
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output[-3000:]


def test_shards_at_once_keep_their_own_states(
    shard: Callable[..., subprocess.Popen[str]], meltano: Callable[..., Any], database: psycopg.Connection
) -> None:
    """Two shards that run at the same time each read from their own bookmark to their own `end_date`."""
    # As the page says, the table must exist before two runs fill it. This day has no lead.
    assert_ends_well(shard("backfill-0", -1, 0))
    for state_id, read_days in READ_DAYS.items():
        bookmark = {"replication_key": "ingestionDate", "replication_key_value": instant(STARTS[state_id] + read_days)}
        state = {"singer_state": {"bookmarks": {"leads": bookmark}}}
        assert meltano("state", "set", "--force", state_id, json.dumps(state)).status == 0

    both = [shard(state_id, day, day + SHARD_DAYS) for state_id, day in STARTS.items()]
    for process in both:
        assert_ends_well(process)

    rows = database.execute('SELECT extract(epoch FROM "ingestionDate")::bigint FROM seeker_leads_local.leads')
    expected = [
        ORIGIN + hour * HOUR_SECONDS + 600
        for state_id, day in STARTS.items()
        for hour in range((day + READ_DAYS[state_id]) * 24, (day + SHARD_DAYS) * 24)
    ]
    assert sorted(epoch for (epoch,) in rows) == expected
    for state_id, day in STARTS.items():
        state = json.loads(meltano("--log-level", "error", "state", "get", state_id).stdout)
        assert state["singer_state"]["bookmarks"]["leads"]["replication_key_value"] == instant(day + SHARD_DAYS)
