"""Reading into PostgreSQL: kills of tap and loader, faults of all kinds, arrivals, erasures, refresh and retention."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psutil

from seeker_leads_sandbox import Sandbox
from soak.faults.api import inject, stop_faults
from soak.faults.disk import small_disk
from soak.faults.postgres import FAULTS, connected
from soak.pipeline import prepare
from soak.promises import check_files, check_log, check_states
from soak.rounds import Place, Round, Scenario
from soak.scenarios.warehouse_choices import Choices, Disturbance, choose
from soak.waiting import output_of
from tests.killed_runs import after_seconds, days_ago
from tests.leads_table import LeadsTable
from tests.log_privacy import values_of
from tests.user_programs import BIN

if TYPE_CHECKING:
    from pathlib import Path

#: The tap's default `refresh_days`: a cycle, within which an erasure arrives.
CYCLE_DAYS = 30


class Warehouse:
    """The sandbox, the pipeline and its table in one round."""

    def __init__(self, sandbox: Sandbox, place: Place, url: str, done: Round) -> None:
        self.sandbox, self.place, self.url, self.done = sandbox, place, url, done
        self.clock_seconds = 0

    @property
    def now(self) -> int:
        """The earlier one of this machine's and the API's time."""
        return int(time.time()) + min(self.clock_seconds, 0)

    def start(self) -> subprocess.Popen[bytes]:
        """Start a run of the pipeline."""
        self.done.figures["runs"] += 1
        with (self.place.folder / "log").open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", "soak.pipeline", self.place.folder], stdout=log, stderr=log)

    def run(self) -> None:
        """Run it to its end, which must be good."""
        with self.start() as pipeline:
            output_of(pipeline, self.done, self.place.folder / "log")
        is_good = pipeline.returncode == 0
        self.done.promise("a run without disturbance succeeds", is_kept=is_good, detail=self.log[-600:])

    def disturb(self, disturbance: Disturbance) -> None:
        """Run it, and disturb it."""
        with self.start() as pipeline:
            disturbance.kill.moment(self.sandbox)(pipeline)
            if disturbance.arrivals:
                # In a past second: leads of the current second may be left to the next run.
                self.sandbox.add_leads(ingestion_dates=[self.now - 2] * disturbance.arrivals)
            if disturbance.victim in FAULTS:
                self.place.postgres.inject(disturbance.victim)
                self.done.faults[f"PostgreSQL: {disturbance.victim}"] += 1
            else:
                self._kill(pipeline, disturbance)
            output_of(pipeline, self.done, self.place.folder / "log")

    def _kill(self, pipeline: subprocess.Popen[bytes], disturbance: Disturbance) -> None:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pipeline.pid)
            taps = process.children()
            victims = {"tap": taps, "loader": [process], "both": [process, *taps]}[disturbance.victim]
            for victim in victims:
                if victim.status() != psutil.STATUS_ZOMBIE:
                    victim.send_signal(disturbance.kill.by)
                    name = "loader" if victim == process else "tap"
                    self.done.kills[f"{name}: {disturbance.kill.by.name}"] += 1

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return every row by lead."""
        with connected(self.url) as database:
            return LeadsTable(database, self.url, is_new=False).rows

    def let_days_pass(self, days: int) -> None:
        """Have the cycle begin so many days earlier: what is due is decided by that alone."""
        path = self.place.folder / "state.json"
        state = json.loads(path.read_text())
        refresh = state["bookmarks"]["leads"]["refresh"]
        # Until the first cycle is complete, nothing is known to be verified.
        for name in [name for name in ("cycle_started_at", "verified_since") if refresh[name]]:
            earlier = datetime.strptime(refresh[name], "%Y-%m-%dT%H:%M:%SZ") - timedelta(days=days)  # noqa: DTZ007  # UTC
            refresh[name] = f"{earlier:%Y-%m-%dT%H:%M:%SZ}"
        path.write_text(json.dumps(state))

    def apply(self, kill_after_seconds: float | None = None) -> None:
        """Run `seeker-leads retention apply`."""
        command: list[str | Path] = [
            BIN / "seeker-leads",
            "retention",
            "apply",
            "--yes",
            "--json",
            "--table",
            "retention.leads",
        ]
        with (
            (self.place.folder / "log").open("ab") as log,
            subprocess.Popen([*command, "--database-url", self.url], stdout=log, stderr=log) as process,
        ):
            if kill_after_seconds is not None:
                after_seconds(kill_after_seconds)(process)
                if process.poll() is None:
                    process.kill()
                    self.done.kills["retention apply: SIGKILL"] += 1
            output_of(process, self.done, self.place.folder / "log")
        if kill_after_seconds is None:
            is_good = process.returncode == 0
            self.done.promise("retention without disturbance succeeds", is_kept=is_good, detail=self.log[-600:])

    @property
    def log(self) -> str:
        """The log of all runs."""
        return (self.place.folder / "log").read_text("utf-8", "replace")


def settings_of(sandbox: Sandbox, days: int, **more: Any) -> dict[str, Any]:
    """Return the tap's config for an account of so many days."""
    return {
        "api_url": sandbox.api_url,
        "auth_url": sandbox.token_url,
        "client_id": "sandbox",
        "client_secret": "sandbox",
        "start_date": days_ago(days + 2),
        "max_retries": 10,
        **more,
    }


def play(choices: Choices, place: Place) -> Round:
    """Read an account, have people erased, and find them gone from the table."""
    done = Round()
    shift = [choices.clock_seconds]
    with (
        Sandbox.start(choices.options, clock=lambda: time.time() + shift[0]) as sandbox,
        small_disk(place.folder / "cache") as cache,
    ):
        warehouse = Warehouse(sandbox, place, place.postgres.new_database("warehouse"), done)
        warehouse.clock_seconds = choices.clock_seconds
        more: dict[str, Any] = {"window_days": choices.window_days, "page_size": choices.page_size}
        if choices.shares_limit:
            more["rate_limit_url"] = warehouse.url
        prepare(place.folder, warehouse.url, settings_of(sandbox, choices.options.days, **more))
        done.faults["clock of the API"] += choices.clock_seconds != 0
        inject(sandbox, choices.faults)
        with cache.fault(choices.cache_fault, room_kib=0):
            done.faults[f"disk of the cache: {choices.cache_fault}"] += choices.cache_fault is not None
            for disturbance in choices.load:
                warehouse.disturb(disturbance)
        done.faults += stop_faults(sandbox, choices.faults)
        shift[0] = warehouse.clock_seconds = 0  # the clock is corrected
        _settle(warehouse)
        private = {*values_of(sandbox)}  # erased values are private too
        # Leads that a wrong clock dated ahead are not in the table yet.
        erased = sandbox.erase(lead_ids=sorted(warehouse.rows())[: choices.erasures])
        inject(sandbox, choices.faults)
        _let_cycles_pass(warehouse, choices)
        done.faults += stop_faults(sandbox, choices.faults)
        warehouse.run()
        _check_erasures(warehouse, erased)
        for seconds in choices.apply_kills:
            warehouse.apply(seconds)
        warehouse.apply()
        _check_retention(warehouse, erased)
        check_log(done, warehouse.log, private | {*values_of(sandbox)})
    _check_output(done, place.folder)
    check_files(done, place.folder)
    return done


def _settle(warehouse: Warehouse) -> None:
    """Let everything arrive, and compare the table with the account."""
    began, due_until = time.monotonic(), warehouse.now - 2
    warehouse.run()
    done, rows = warehouse.done, warehouse.rows()
    done.recovery_seconds = time.monotonic() - began
    leads = {
        lead["metadata"]["leadId"]
        for lead in warehouse.sandbox.store.all()
        if lead["metadata"]["ingestionDate"] <= due_until
    }
    done.figures["leads read"] += len(rows)
    lost = leads - rows.keys()
    done.figures["leads lost"] += len(lost)
    done.promise("no lead is lost", is_kept=not lost, detail=f"{len(lost)} of {len(leads)}")


def _let_cycles_pass(warehouse: Warehouse, choices: Choices) -> None:
    """Run on irregular days; after a disturbance of the clock, an erasure may take twice the time."""
    cycles = 1 if choices.clock_seconds == 0 else 2
    ends = [CYCLE_DAYS * cycle for cycle in range(1, cycles + 1)]
    warehouse.let_days_pass(11)
    for disturbance in choices.refresh:
        warehouse.disturb(disturbance)
    day = 11
    for end in ends:
        warehouse.let_days_pass(end - day)
        day = end
        if end != ends[-1]:
            warehouse.done.faults += stop_faults(warehouse.sandbox, choices.faults)
            warehouse.run()


def _check_erasures(warehouse: Warehouse, erased: list[str]) -> None:
    rows = warehouse.rows()
    late = [lead_id for lead_id in erased if lead_id in rows and not rows[lead_id]["isErased"]]
    warehouse.done.figures["erasures"] += len(erased)
    warehouse.done.promise("erasures arrive within the cycle", is_kept=not late, detail=f"{len(late)} of {len(erased)}")


def _check_retention(warehouse: Warehouse, erased: list[str]) -> None:
    rows = warehouse.rows()
    kept = [
        lead_id for lead_id in erased if lead_id in rows and (rows[lead_id]["contactRequest"] or rows[lead_id]["extra"])
    ]
    with connected(warehouse.url) as database:
        found = database.execute("SELECT lead_id FROM retention.seeker_leads_erasure_log").fetchall()
    evidence = [lead_id for (lead_id,) in found]
    done = warehouse.done
    done.promise("erased people are gone from the table", is_kept=not kept, detail=f"{len(kept)} of {len(erased)}")
    missing = {*erased} - {*evidence}
    is_whole = not missing and len(evidence) == len({*evidence})
    done.promise("each erasure has one line of evidence", is_kept=is_whole, detail=f"{len(missing)} are missing")


def _check_output(done: Round, folder: Path) -> None:
    lines = [json.loads(line) for line in (folder / "states.jsonl").read_text().splitlines()]
    twice = max((line["twice"] for line in lines), default=0)
    done.promise("each lead once a run", is_kept=twice == 0, detail=twice)
    done.figures["STATEs"] += len(lines)
    check_states(done, [line["state"] for line in lines])


SCENARIO = Scenario(choose, play)
