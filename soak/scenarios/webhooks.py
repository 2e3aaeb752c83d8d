"""Webhooks: a receiver and its pipeline are killed, and each signal is followed by a run."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeker_leads_sandbox import Sandbox, SandboxOptions
from soak.faults.api import API, NamedFault, choose_faults, inject, stop_faults
from soak.faults.kills import choose_signal
from soak.faults.postgres import FAULTS, connected
from soak.pipeline import prepare
from soak.promises import check_files, check_log
from soak.rounds import Place, Round, Scenario
from soak.scenarios.warehouse import settings_of
from tests.log_privacy import values_of
from tests.webhook_calls import KEY
from tests.webhook_serving import Serving, subscribe

if TYPE_CHECKING:
    import random

VICTIMS = ("receiver", "run", "both")
#: With calls that are lost, only the poll is certain.
_POLL_SECONDS, _NO_POLL_SECONDS, _PATIENCE_SECONDS = 5.0, 3000.0, 120.0


@dataclass(frozen=True)
class Step:
    """Leads that arrive, a pause, and what happens then."""

    leads: int
    pause_seconds: float
    victim: str | None  #: one of `VICTIMS` or of `FAULTS`; None: nothing
    by: signal.Signals


@dataclass(frozen=True)
class Choices:
    """The random choices of a round."""

    options: SandboxOptions
    faults: tuple[NamedFault, ...]
    steps: tuple[Step, ...]


def choose(rng: random.Random) -> Choices:
    """Choose a round."""
    victims = [None, *VICTIMS, *VICTIMS, rng.choice(FAULTS)]
    return Choices(
        SandboxOptions(
            leads=20,
            days=2,
            webhook_attempts=50,
            webhook_retry_wait_ms=50,
            webhook_max_failures=100_000,
            webhook_loss=rng.choice([0, 0, 0.5]),
            webhook_double=rng.choice([0, 0.5]),
            webhook_reorder=rng.choice([0, 0.5]),
            webhook_delay_ms=rng.choice([0, 300]),
            seed=rng.getrandbits(32),
        ),
        choose_faults(rng, API),
        tuple(
            Step(rng.randint(1, 5), rng.uniform(0, 3), rng.choice(victims), choose_signal(rng))
            for _ in range(rng.randint(4, 9))
        ),
    )


class PipelineServing(Serving):
    """A receiver that runs the soak's pipeline; it is not killed at its end, but stopped."""

    database_url: str = ""

    @property
    def pipeline(self) -> str:
        """The command of the pipeline."""
        return shlex.join([sys.executable, "-m", "soak.pipeline", str(self.folder)])

    def rows(self) -> set[str]:
        """The leads that arrived."""
        with connected(self.database_url) as database:
            return {lead_id for (lead_id,) in database.execute('SELECT "leadId" FROM retention.leads')}


def play(choices: Choices, place: Place) -> Round:
    """Let leads arrive while everything is killed, and wait until each is a row."""
    done, pause = Round(), threading.Event()
    with Sandbox.start(choices.options) as sandbox:
        serving = PipelineServing(place.folder, sandbox)
        serving.database_url = place.postgres.new_database("webhooks")
        prepare(place.folder, serving.database_url, settings_of(sandbox, choices.options.days))
        poll_seconds = _POLL_SECONDS if choices.options.webhook_loss else _NO_POLL_SECONDS
        try:
            serving.start_quickly(poll_seconds=poll_seconds)
            subscribe(sandbox, serving.url)
            inject(sandbox, choices.faults)
            for step in choices.steps:
                sandbox.add_leads(step.leads)
                done.figures["signals"] += step.leads
                pause.wait(step.pause_seconds)
                if step.victim in FAULTS:
                    place.postgres.inject(str(step.victim))
                    done.faults[f"PostgreSQL: {step.victim}"] += 1
                elif step.victim and serving.kill(step.victim, step.by):
                    done.kills[f"webhooks, {step.victim}: {step.by.name}"] += 1
                if step.victim in {"receiver", "both"}:
                    serving.start_quickly(poll_seconds=poll_seconds)
            done.faults += stop_faults(sandbox, choices.faults)
            _check_arrivals(serving, done)
            status = serving.end(signal.SIGTERM)
            done.promise("the receiver stops gracefully", is_kept=status == 0, detail=status)
        finally:
            serving.kill("both")
        check_log(done, serving.log, {*values_of(sandbox), KEY})
    check_files(done, place.folder)
    return done


def _check_arrivals(serving: PipelineServing, done: Round) -> None:
    """After the last lead, no other signal comes: all that was signalled before must have its run."""
    began, pause = time.monotonic(), threading.Event()
    serving.sandbox.add_leads(1)
    done.figures["signals"] += 1
    leads = serving.sandbox.store.ids()
    while (missing := leads - serving.rows()) and time.monotonic() - began < _PATIENCE_SECONDS:
        pause.wait(0.2)
    done.recovery_seconds = time.monotonic() - began
    done.figures.update({"leads read": len(leads) - len(missing), "leads lost": len(missing)})
    done.promise("each signal is followed by a run: no lead is missing", is_kept=not missing, detail=len(missing))


SCENARIO = Scenario(choose, play)
