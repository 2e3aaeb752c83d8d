"""Dialects out of the full product, each read completely in one run, with faults."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeker_leads_sandbox import Links, PageStatus, Sandbox, SandboxOptions
from soak.faults.api import API, NamedFault, choose_faults, inject, stop_faults
from soak.faults.dialects import choose_dialect
from soak.rounds import Place, Round, Scenario
from tests.tap_runs import Clock, TapRunner

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

DAY, DAYS = 86_400, 30
SAMPLES = 12
#: A server that returns fewer leads than requested.
_CAP = 30


@dataclass(frozen=True)
class Choices:
    """The random choices of a sample."""

    options: SandboxOptions
    window_days: int
    page_size: int
    ages: tuple[int, ...]  #: of the leads, in seconds
    faults: tuple[NamedFault, ...]


def choose(rng: random.Random) -> tuple[Choices, ...]:
    """Choose the samples of a round."""
    return tuple(_choose(rng) for _ in range(SAMPLES))


def _choose(rng: random.Random) -> Choices:
    dialect = choose_dialect(rng)
    is_capped = rng.random() < 0.25
    window_days = rng.choice([1, 3, 7])
    # A server that caps its pages without any sign of more is read completely only if no lead is on a window's edge.
    is_silent = dialect["links"] is Links.NONE and dialect["page_status"] is PageStatus.ALWAYS_200
    ages = _ages_off_edges(rng) if is_capped else _ages(rng, window_days)
    return Choices(
        SandboxOptions(
            enforce_limit=False,
            page_cap=_CAP if is_capped else 100,
            seed=rng.getrandbits(32),
            **dialect,
        ),
        7 if is_capped else window_days,
        100 if is_capped or is_silent else rng.choice([1, 7, 100]),
        tuple(ages),
        choose_faults(rng, API),
    )


def _ages(rng: random.Random, window_days: int) -> Iterator[int]:
    """Yield ages around the edges of windows, in one second, and anywhere."""
    step = window_days * DAY - 1
    for index in range(1, 3):
        yield from (DAYS * DAY - index * step + offset for offset in (-2, -1, 0, 1, 2))
    yield from [rng.randrange(10, DAYS * DAY)] * rng.choice([1, 50, 250])
    yield from (rng.randrange(10, DAYS * DAY) for _ in range(rng.randint(0, 200)))


def _ages_off_edges(rng: random.Random) -> Iterator[int]:
    for day in (1, 9, 17):
        yield from (int((day + part / 50) * DAY) for part in range(1, rng.choice([31, 40])))


def play(choices: tuple[Choices, ...], place: Place) -> Round:
    """Read each sample once, within this process and with a clock of its own."""
    done, clock = Round(), Clock()
    os.environ["XDG_CACHE_HOME"] = str(place.folder / "cache")
    for sample in choices:
        with Sandbox.start(sample.options, clock=clock) as sandbox:
            sandbox.add_leads(ingestion_dates=[clock.now - age for age in sample.ages])
            inject(sandbox, sample.faults)
            run_tap = TapRunner(clock, sandbox, {"start_date": "2026-10-24T08:00:00Z", "max_retries": 15})
            run = run_tap(window_days=sample.window_days, page_size=sample.page_size)
            done.faults += stop_faults(sandbox, sample.faults)
            read, leads = Counter(run.ids), sandbox.store.ids()
        name = ", ".join(str(getattr(sample.options, axis)) for axis in ("bounds", "order", "empty", "links"))
        done.promise("every dialect is read to its end", is_kept=run.error is None, detail=f"{name}: {run.error}")
        done.promise("no lead is lost", is_kept=leads == read.keys(), detail=f"{name}: {len(leads - read.keys())}")
        done.promise("each lead once a run", is_kept=read.total() == len(read), detail=name)
        done.promise("the bookmark is the end of the run", is_kept=run.bookmark == "2026-11-23T08:00:00Z", detail=name)
        done.figures.update({"leads read": len(read), "dialects": 1, "leads lost": len(leads - read.keys())})
    return done


SCENARIO = Scenario(choose, play, needs_postgres=False)
