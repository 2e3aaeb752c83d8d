"""For Dagster's own Python: waits until all runs have ended, then prints the instance's records as JSON."""

import importlib.util
import json
import sys
import time
from datetime import datetime, timezone

from dagster import AssetKey, DagsterInstance, DagsterRunStatus, RunsFilter, build_schedule_context

FINISHED = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}
UNFINISHED = RunsFilter(statuses=[status for status in DagsterRunStatus if status not in FINISHED])

with DagsterInstance.get() as instance:
    while instance.get_runs_count(UNFINISHED):
        time.sleep(0.2)
    runs = [
        {
            "id": record.dagster_run.run_id,
            "job": record.dagster_run.job_name,
            "status": record.dagster_run.status.value,
            "start": record.start_time,
            "end": record.end_time,
        }
        for record in instance.get_run_records(ascending=True)
    ]
    spec = importlib.util.spec_from_file_location("definitions", sys.argv[1])
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    schedule = module.defs.get_schedule_def("leads_in_schedule")
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    with build_schedule_context(instance, scheduled_execution_time=moment) as context:
        tick = schedule.evaluate_tick(context)
    report = {
        "runs": runs,
        "live": instance.get_latest_materialization_event(AssetKey("leads")) is not None,
        "quarters": sorted(instance.get_materialized_partitions(AssetKey("leads_of_quarter"))),
        "schedule": {
            "job": schedule.job_name,
            "cron": schedule.cron_schedule,
            "status": schedule.default_status.value,
            "requests": len(tick.run_requests or ()),
        },
    }
sys.stdout.write(json.dumps(report) + "\n")
