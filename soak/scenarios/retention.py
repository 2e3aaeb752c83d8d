"""`retention apply`, killed or without its database at random moments: all of its changes or none."""

from __future__ import annotations

import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soak.faults.postgres import FAULTS, connected
from soak.promises import check_log
from soak.rounds import Place, Round, Scenario
from soak.waiting import output_of
from tests.killed_runs import after_seconds
from tests.leads_table import NAME, LeadsTable
from tests.user_programs import BIN
from tests.user_shells import shell

if TYPE_CHECKING:
    import random
    from pathlib import Path


@dataclass(frozen=True)
class Choices:
    """The random choices of a round."""

    staying: int
    over: int  #: past their `ttl`
    erased: int
    is_deleting: bool  #: `--erased delete`
    disturbances: tuple[tuple[float, str], ...]  #: after so many seconds: a signal, or a fault of the database


def choose(rng: random.Random) -> Choices:
    """Choose a round."""
    return Choices(
        rng.choice([10, 500]),
        rng.choice([1, 50, 2000]),
        rng.choice([1, 50, 2000]),
        is_deleting=rng.random() < 0.5,
        disturbances=tuple(
            (rng.uniform(0.3, 1.8), rng.choice(["SIGKILL", "SIGKILL", "SIGTERM", *FAULTS]))
            for _ in range(rng.randint(3, 6))
        ),
    )


def play(choices: Choices, place: Place) -> Round:
    """Apply it, disturbed each time, and then in peace."""
    done, url = Round(), place.postgres.new_database("retention")
    stay, over, gone = (
        [f"{name}-{number}" for number in range(count)]
        for name, count in (("stays", choices.staying), ("over", choices.over), ("gone", choices.erased))
    )
    with connected(url) as database:
        table = LeadsTable(database, url)
        table.add(*stay)
        table.add(*over, days_left=-1)
        table.add(*gone, isErased=True)
        before = table.rows
    command: list[str | Path] = [
        BIN / "seeker-leads",
        "retention",
        "apply",
        "--yes",
        "--table",
        "retention.leads",
        "--database-url",
        url,
    ]
    if choices.is_deleting:
        command += ["--erased", "delete"]

    def run(seconds: float | None, fault: str) -> int:
        done.figures["runs"] += 1
        with (
            (place.folder / "log").open("ab") as log,
            subprocess.Popen(command, stdout=log, stderr=log, env=shell(place.folder)) as process,
        ):
            if seconds is not None:
                after_seconds(seconds)(process)
            if process.poll() is not None or seconds is None:
                pass  # it was faster, or is left in peace
            elif fault in FAULTS:
                place.postgres.inject(fault)
                done.faults[f"PostgreSQL: {fault}"] += 1
            else:
                process.send_signal(signal.Signals[fault])
                done.kills[f"retention apply: {fault}"] += 1
            output_of(process, done, place.folder / "log")
        return process.returncode

    expected = {**dict.fromkeys(over, "ttl"), **dict.fromkeys(gone, "erased")}
    for seconds, fault in choices.disturbances:
        run(seconds, fault)
        rows, evidence = _read(url)
        is_whole = (rows == before and not evidence) or evidence == expected
        done.promise("a run makes all of its changes or none", is_kept=is_whole, detail=(len(rows), len(evidence)))
    began = time.monotonic()
    status = run(None, "")
    done.recovery_seconds = time.monotonic() - began
    rows, evidence = _read(url)
    log = (place.folder / "log").read_text()
    done.promise("a run without disturbance succeeds", is_kept=status == 0, detail=log[-600:])
    done.promise("each change has its evidence", is_kept=evidence == expected, detail=(len(evidence), len(expected)))
    done.promise("no other row changes", is_kept=all(rows.get(lead_id) == before[lead_id] for lead_id in stay))
    left = {*over} & rows.keys()
    done.promise("rows past their `ttl` are gone", is_kept=not left, detail=len(left))
    people = [lead_id for lead_id in gone if NAME in str(rows.get(lead_id, ""))]
    done.promise("erased people are gone from the table", is_kept=not people, detail=len(people))
    done.figures.update({"erasures": len(gone), "rows past their ttl": len(over)})
    check_log(done, log, [NAME])
    return done


def _read(url: str) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    with connected(url) as database:
        table = LeadsTable(database, url, is_new=False)
        return table.rows, table.log


SCENARIO = Scenario(choose, play)
