"""A round: its seed, what it may use, and what came of it."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from soak.faults.postgres import Postgres


@dataclass(frozen=True)
class RoundId:
    """Names a round: the same name makes the same choices."""

    seed: int
    kind: str
    number: int

    @property
    def rng(self) -> random.Random:
        """A new source of this round's choices."""
        return random.Random(f"{self.seed} {self.kind} {self.number}")  # noqa: S311  # no secret

    @property
    def options(self) -> str:
        """The options that repeat this round alone."""
        return f"--seed {self.seed} --only {self.kind} --round {self.number}"


@dataclass(frozen=True)
class Place:
    """What a round may use: an empty folder, and a PostgreSQL server that no other round uses at the time."""

    folder: Path
    postgres: Postgres


@dataclass
class Round:
    """The figures of a round, and the promises that were broken."""

    figures: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)  #: by what was killed, with which signal
    faults: Counter[str] = field(default_factory=Counter)  #: by kind
    peaks_mib: dict[str, int] = field(default_factory=dict)  #: memory by program
    recovery_seconds: float = 0.0  #: from the end of the last disturbance until everything had arrived
    broken: list[str] = field(default_factory=list)

    def promise(self, name: str, *, is_kept: bool, detail: object = "") -> None:
        """Record a promise that was broken."""
        if not is_kept:
            self.broken.append(f"{name}: {detail}" if detail else name)


@dataclass(frozen=True)
class Scenario:
    """A kind of round. `choose` is pure: its result contains all random choices."""

    choose: Callable[[random.Random], Any]
    play: Callable[[Any, Place], Round]
    needs_postgres: bool = True
