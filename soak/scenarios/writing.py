"""Sending records: kills, lost answers, both ledgers, faults of database and disk, and dead letters sent again."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seeker_leads_sandbox import Sandbox, SandboxOptions
from soak.faults import disk, postgres
from soak.faults.api import API, TOKENS, UNKNOWN, NamedFault, choose_faults, inject, stop_faults
from soak.faults.disk import Disk, small_disk
from soak.faults.kills import Kill, choose_kill, choose_signal
from soak.promises import check_files, check_log
from soak.rounds import Place, Round, Scenario
from soak.waiting import output_of
from tests.client_credentials import as_client
from tests.ledger_tools import rows
from tests.log_privacy import values_of
from tests.singer_input import SCHEMA, record, state
from tests.user_programs import BIN, TargetProgram
from tests.user_shells import shell

if TYPE_CHECKING:
    import random
    from pathlib import Path

IN_FLIGHT = 10
#: A record in so many has no message, which the API requires: it becomes a dead letter.
BAD_ONE_IN, STATE_ONE_IN = 20, 25


@dataclass(frozen=True)
class Disturbance:
    """What happens during a run: a kill, or a fault of the disk or the database."""

    kill: Kill
    fault: str | None
    room_kib: int  #: that is left on a full disk, or in a file


@dataclass(frozen=True)
class Choices:
    """The random choices of a round."""

    options: SandboxOptions
    records: int
    on_unknown_outcome: str
    ledger: str
    faults: tuple[NamedFault, ...]
    disturbances: tuple[Disturbance, ...]
    retry_kill: Kill  #: of `rejects retry`


def choose(rng: random.Random) -> Choices:
    """Choose a round."""
    ledger = rng.choice(["SQLite", "PostgreSQL"])
    faults = [None, None, *disk.FAULTS, *(postgres.FAULTS if ledger == "PostgreSQL" else ())]
    return Choices(
        SandboxOptions(
            latency_ms=rng.choice([5, 30]),
            enforce_limit=rng.random() < 0.5,
            token_lifetime_seconds=rng.choice([20, 86_400]),
            seed=rng.getrandbits(32),
        ),
        rng.choice([100, 400, 1000]),
        rng.choice(["retry", "reject"]),
        ledger,
        (*choose_faults(rng, API), *choose_faults(rng, UNKNOWN), *choose_faults(rng, TOKENS)),
        tuple(
            Disturbance(choose_kill(rng, requests=120, seconds=2.5), rng.choice(faults), rng.choice([0, 4, 16, 64]))
            for _ in range(rng.randint(3, 6))
        ),
        Kill(choose_signal(rng), seconds=rng.uniform(0.3, 2.0)),
    )


def lines_of(count: int) -> list[str]:
    """Return the input: records, some of them bad, and STATEs that count the records before them."""
    messages: list[dict[str, Any]] = [SCHEMA]
    for number in range(count):
        is_bad = number % BAD_ONE_IN == BAD_ONE_IN - 1
        messages.append(record(number, message=None) if is_bad else record(number))
        if (number + 1) % STATE_ONE_IN == 0:
            messages.append(state({"records": number + 1}))
    return [json.dumps(message) for message in [*messages, state({"records": count})]]


class Writing:
    """The target, its input and the sandbox in one round."""

    def __init__(self, sandbox: Sandbox, folder: Path, done: Round) -> None:
        self.sandbox, self.done = sandbox, done
        self.program = TargetProgram(folder)

    @property
    def created(self) -> Counter[str]:
        """How often each lead exists."""
        return Counter(lead["email"] for lead in self.sandbox.created)

    @property
    def kept(self) -> dict[str, Any]:
        """The reasons of the leads in the dead letters; a line that a full disk cut off does not count."""
        path = self.program.folder / "disk" / "rejects.jsonl"
        kept = {}
        for line in path.read_text("utf-8").splitlines() if path.exists() else []:
            with suppress(json.JSONDecodeError):
                letter = json.loads(line)
                kept[letter["record"]["email"]] = letter["reasons"]
        return kept

    def run(self, disturbance: Disturbance | None = None, disturb: Any = None, **options: Any) -> int:
        """Run it over the whole input; check what its last STATE covers; return the exit status."""
        self.done.figures["runs"] += 1
        with (
            (self.program.folder / "input.jsonl").open() as file,
            self.program.start(stdin=file, **options) as process,
        ):
            if disturbance:
                disturbance.kill.moment(self.sandbox)(process)  # type: ignore[arg-type]  # text or bytes, it only waits
                disturb(process)
            stdout = output_of(process, self.done, self.program.folder / "log")
        states = [json.loads(line)["records"] for line in stdout.split("\n")[:-1]]
        covered = {emails(number) for number in range(max(states, default=0))}
        open_records = covered - self.created.keys() - self.kept.keys()
        self.done.promise("a STATE covers no open record", is_kept=not open_records, detail=len(open_records))
        self.done.promise("STATEs come in order", is_kept=states == sorted(states), detail=states)
        self.done.figures["STATEs"] += len(states)
        return process.returncode


def emails(number: int) -> str:
    """Return the e-mail address of a record."""
    return str(record(number)["record"]["email"])


def play(choices: Choices, place: Place) -> Round:
    """Send the input again and again, each time disturbed, and then once in peace."""
    done = Round()
    with Sandbox.start(choices.options) as sandbox, small_disk(place.folder / "disk") as small:
        writing = Writing(sandbox, place.folder, done)
        (place.folder / "input.jsonl").write_text("\n".join(lines_of(choices.records)) + "\n")
        database = place.postgres.new_database("ledger")
        ledger = database if choices.ledger == "PostgreSQL" else f"sqlite:///{small.folder / 'ledger.db'}"
        writing.program.configure(
            sandbox.api_url,
            **as_client(sandbox),
            ledger_url=ledger,
            rejects_path=str(small.folder / "rejects.jsonl"),
            on_unknown_outcome=choices.on_unknown_outcome,
            max_retries=10,
            max_resends=50,
            request_timeout_seconds=5,
        )
        inject(sandbox, choices.faults)
        for disturbance in choices.disturbances:
            _disturb(writing, disturbance, small, place)
        done.faults += stop_faults(sandbox, choices.faults)
        began = time.monotonic()
        status = writing.run()
        done.recovery_seconds = time.monotonic() - began
        done.promise("a run without disturbance succeeds", is_kept=status == 0, detail=writing.program.log[-600:])
        _check(writing, choices, ledger)
        _retry(writing, choices)
        check_log(done, writing.program.log, values_of(sandbox))
        check_files(done, place.folder)
    return done


def _disturb(writing: Writing, disturbance: Disturbance, small: Disk, place: Place) -> None:
    done, fault = writing.done, disturbance.fault

    def disturb(process: subprocess.Popen[str]) -> None:
        if fault in postgres.FAULTS:
            place.postgres.inject(str(fault))
        elif fault is None and process.poll() is None:
            process.send_signal(disturbance.kill.by)
            done.kills[f"target: {disturbance.kill.by.name}"] += 1

    kind = "PostgreSQL" if fault in postgres.FAULTS else "disk"
    done.faults[f"{kind}: {fault}"] += fault is not None
    with small.fault(fault if fault in disk.FAULTS else None, disturbance.room_kib) as prepare:
        writing.run(disturbance, disturb, preexec_fn=prepare)


def _check(writing: Writing, choices: Choices, ledger: str) -> None:
    done, created, kept = writing.done, writing.created, writing.kept
    everything = {emails(number) for number in range(choices.records)}
    lost = everything - created.keys() - kept.keys()
    twice = created.total() - len(created)
    done.figures.update(
        {"leads written": len(created), "dead letters": len(kept), "leads lost": len(lost), "doubles in flight": twice}
    )
    done.promise("no record is lost", is_kept=not lost, detail=f"{len(lost)} of {len(everything)}")
    if choices.on_unknown_outcome == "reject":
        done.promise("with `reject`, no lead exists twice", is_kept=twice == 0, detail=twice)
        return
    resends = sum(count or 0 for (count,) in rows(ledger, "resends"))
    done.promise("the ledger knows each lead that was sent again", is_kept=twice <= resends, detail=(twice, resends))
    unanswered = sum(
        each.method == "POST" and each.status in {0, 502, None} for each in writing.sandbox.statistics.records
    )
    most = IN_FLIGHT * len(choices.disturbances) + unanswered
    done.promise("only leads in flight exist twice", is_kept=twice <= most, detail=(twice, most))
    if any(each.name == "web page" for each in choices.faults):
        return  # a record that gets a web page again and again is set aside
    bad = {emails(number) for number in range(BAD_ONE_IN - 1, choices.records, BAD_ONE_IN)}
    odd = [kept.get(each, "missing") for each in kept.keys() ^ bad]
    done.promise("only bad records are dead letters", is_kept=not odd, detail=odd[:3])


def _retry(writing: Writing, choices: Choices) -> None:
    """Send the dead letters again, once killed and once to the end; the bad ones are refused again, and stay."""
    folder, done, before = writing.program.folder, writing.done, writing.created
    kept = writing.kept
    for is_killed in (True, False):
        with (
            (folder / "log").open("a") as log,
            subprocess.Popen(
                [BIN / "seeker-leads", "rejects", "retry", "--config", folder / "config.json"],
                stdout=log,
                stderr=log,
                env=shell(folder),
            ) as process,
        ):
            if is_killed:
                choices.retry_kill.moment(writing.sandbox)(process)
                if process.poll() is None:
                    process.send_signal(choices.retry_kill.by)
                    done.kills[f"rejects retry: {choices.retry_kill.by.name}"] += 1
            output_of(process, done, folder / "log")
    lost = kept.keys() - writing.kept.keys() - writing.created.keys()
    done.promise("`rejects retry` loses no dead letter", is_kept=not lost, detail=len(lost))
    twice = +(writing.created - before) & before
    done.promise("`rejects retry` sends no lead that may exist", is_kept=not twice, detail=len(twice))


SCENARIO = Scenario(choose, play)
