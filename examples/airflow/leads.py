"""Seeker Leads in Airflow 3: the live pipeline every five minutes, and a backfill with one mapped task for each shard.

airflow dags trigger leads_backfill --conf '{"bounds": ["2025-01-01", "2025-04-01", "2025-07-01"]}'
"""

import os
from datetime import datetime, timedelta, timezone
from itertools import pairwise

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param, task

PROJECT = os.environ.get("LEADS_PROJECT", "/opt/leads")
ENVIRONMENT = os.environ.get("MELTANO_ENVIRONMENT", "production")
PIPELINE = "tap-seeker-leads target-postgres"
MELTANO = f"exec python3 examples/meltano_or_skip.py --environment {ENVIRONMENT}"

with DAG(
    "leads_in",
    schedule="*/5 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,  # the tap catches up by itself
    max_active_runs=1,
):
    BashOperator(
        task_id="run",
        bash_command=f"{MELTANO} run {PIPELINE}",
        cwd=PROJECT,
        skip_on_exit_code=99,  # Meltano refused: the same pipeline is already running
        retries=0,  # the next run continues
        execution_timeout=timedelta(hours=2),
    )

with DAG(
    "leads_backfill",
    schedule=None,
    max_active_runs=1,
    params={
        "bounds": Param(
            ["2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01", "2026-01-01"],
            type="array",
            description="Where the shards begin and end: each ends where the next begins.",
        )
    },
):

    @task
    def shards(params: dict[str, list[str]]) -> list[dict[str, str]]:
        """Return the variables of each shard."""
        return [
            {"SHARD": start, "TAP_SEEKER_LEADS_START_DATE": start, "TAP_SEEKER_LEADS_END_DATE": end}
            for start, end in pairwise(params["bounds"])
        ]

    BashOperator.partial(
        task_id="shard",
        # Not `run`: its runs share the files of the tap with the live run's.
        bash_command=f'{MELTANO} el {PIPELINE} --state-id="{ENVIRONMENT}-backfill-$SHARD"',
        cwd=PROJECT,
        append_env=True,
        skip_on_exit_code=99,
        max_active_tis_per_dag=1,  # a single run uses all of the account's limit
    ).expand(env=shards())
