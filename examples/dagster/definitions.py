"""Seeker Leads in Dagster 1.13: the live pipeline every five minutes, and a backfill with one partition a quarter.

`dagster.yaml` belongs in `DAGSTER_HOME`, and this in the Meltano project, beside `examples/meltano_or_skip.py`:

    dagster instance concurrency set leads_live 1        # once: one live run at a time
    dagster instance concurrency set leads_backfill 1    # once: one shard of the backfill at a time
    dagster-daemon run -f definitions.py                 # the schedule, and the queue of runs
    dagster job backfill -f definitions.py -j leads_backfill --all all
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

from dagster import (
    AssetExecutionContext,
    DefaultScheduleStatus,
    Definitions,
    Failure,
    MaterializeResult,
    ScheduleDefinition,
    TimeWindowPartitionsDefinition,
    asset,
    define_asset_job,
    in_process_executor,
)

PROJECT = os.environ.get("LEADS_PROJECT", "/opt/leads")
ENVIRONMENT = os.environ.get("MELTANO_ENVIRONMENT", "production")
PIPELINE = ("tap-seeker-leads", "target-postgres")
SKIPPED = 99

QUARTERS = TimeWindowPartitionsDefinition(
    start=os.environ.get("LEADS_BACKFILL_START", "2025-01-01"),
    end=os.environ.get("LEADS_BACKFILL_END", "2026-01-01"),
    cron_schedule="0 0 1 */3 *",
    fmt="%Y-%m-%d",
)


def meltano(context: AssetExecutionContext, *arguments: str, **variables: str) -> Iterator[MaterializeResult]:
    """Run Meltano; yield a result if it ran, nothing if it refused the run, and raise `Failure` if it failed."""
    command = [sys.executable, "examples/meltano_or_skip.py", "--environment", ENVIRONMENT, *arguments]
    with subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **variables}) as process:
        try:
            status = process.wait()
        except BaseException:  # Dagster cancels a run by an exception here
            process.send_signal(signal.SIGTERM)  # leaving the block waits until the run has stopped gracefully
            raise
    if status == SKIPPED:
        context.log.warning("Skipped: Meltano says that this pipeline is already running.")
    elif status != 0:
        message = f"Meltano ended with {status}; its log is in the output of this step."
        raise Failure(message, allow_retries=False)  # the next run continues
    else:
        yield MaterializeResult()


@asset(output_required=False, pool="leads_live")
def leads(context: AssetExecutionContext) -> Iterator[MaterializeResult]:
    """The leads since the last run; a skipped run materializes nothing."""
    yield from meltano(context, "run", *PIPELINE)


@asset(output_required=False, pool="leads_backfill", partitions_def=QUARTERS)
def leads_of_quarter(context: AssetExecutionContext) -> Iterator[MaterializeResult]:
    """The leads of one quarter; run it again after an interruption, and it continues."""
    quarter = context.partition_time_window
    yield from meltano(
        context,
        "el",  # not `run`: its runs share the files of the tap with the live run's
        *PIPELINE,
        f"--state-id={ENVIRONMENT}-backfill-{context.partition_key}",
        TAP_SEEKER_LEADS_START_DATE=quarter.start.isoformat(),
        TAP_SEEKER_LEADS_END_DATE=quarter.end.isoformat(),
    )


leads_in = define_asset_job("leads_in", [leads])
defs = Definitions(
    assets=[leads, leads_of_quarter],
    jobs=[leads_in, define_asset_job("leads_backfill", [leads_of_quarter])],
    schedules=[
        ScheduleDefinition(
            job=leads_in,
            cron_schedule="*/5 * * * *",
            execution_timezone="UTC",
            default_status=DefaultScheduleStatus.RUNNING,  # otherwise somebody has to turn it on
        )
    ],
    executor=in_process_executor,
)
