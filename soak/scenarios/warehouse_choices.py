"""The random choices of a round of the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeker_leads_sandbox import SandboxOptions
from soak.faults.api import API, TOKENS, NamedFault, choose_faults
from soak.faults.dialects import choose_dialect
from soak.faults.kills import Kill, choose_kill
from soak.faults.postgres import FAULTS

if TYPE_CHECKING:
    import random

_DAY = 86_400
_VICTIMS = ("tap", "loader", "both")


@dataclass(frozen=True)
class Disturbance:
    """What happens during a run: a kill of a program, or a fault of the database."""

    kill: Kill
    victim: str  #: one of `_VICTIMS` or of `FAULTS`
    arrivals: int  #: leads that come while it happens


@dataclass(frozen=True)
class Choices:
    """The random choices of a round."""

    options: SandboxOptions
    clock_seconds: int  #: how much the API's clock is ahead at first
    cache_fault: str | None  #: of the disk of the token cache, while the account is read for the first time
    shares_limit: bool  #: whether the tap keeps its limit in the database, by `rate_limit_url`
    faults: tuple[NamedFault, ...]
    window_days: int
    page_size: int
    load: tuple[Disturbance, ...]  #: while the account is read for the first time
    refresh: tuple[Disturbance, ...]  #: while erasures are looked for
    erasures: int
    apply_kills: tuple[float, ...]  #: seconds after which `retention apply` is killed


def choose(rng: random.Random) -> Choices:
    """Choose a round."""
    days, window_days = rng.choice([(60, 1), (200, 3), (500, 7), (1000, 7)])
    options = SandboxOptions(
        leads=rng.choice([200, 800, 2000]),
        days=days,
        latency_ms=rng.choice([5, 20]),
        enforce_limit=rng.random() < 0.5,
        token_lifetime_seconds=rng.choice([20, 86_400]),
        seed=rng.getrandbits(32),
        **choose_dialect(rng),
    )
    return Choices(
        options,
        clock_seconds=rng.choice([0, 0, 0, -_DAY, -600, 600, _DAY]),
        cache_fault=rng.choice([None, None, "full disk", "read-only disk"]),
        shares_limit=rng.random() < 0.3,
        faults=(*choose_faults(rng, API), *choose_faults(rng, TOKENS)),
        window_days=window_days,
        page_size=rng.choice([20, 100]),
        load=_choose_disturbances(rng, rng.randint(2, 5)),
        refresh=_choose_disturbances(rng, rng.randint(1, 3)),
        erasures=rng.randint(1, 20),
        apply_kills=tuple(rng.uniform(0.1, 1.5) for _ in range(rng.randint(0, 2))),
    )


def _choose_disturbances(rng: random.Random, count: int) -> tuple[Disturbance, ...]:
    return tuple(
        Disturbance(
            choose_kill(rng, requests=60, seconds=2.0),
            rng.choice([*_VICTIMS, *_VICTIMS, *FAULTS]),
            rng.randint(0, 20),
        )
        for _ in range(count)
    )
