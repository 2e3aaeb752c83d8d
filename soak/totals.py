"""The figures of a whole soak: as lines for a person, and as JSON."""

from __future__ import annotations

import platform
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from soak.rounds import Round, RoundId


@dataclass
class Totals:
    """All rounds so far."""

    seed: int
    rounds: Counter[str] = field(default_factory=Counter)
    figures: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))  #: by kind
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    peaks_mib: dict[str, int] = field(default_factory=dict)
    recovery_seconds: dict[str, float] = field(default_factory=dict)  #: the worst by kind
    broken: list[str] = field(default_factory=list)

    def add(self, round_id: RoundId, done: Round) -> None:
        """Add a round."""
        kind = round_id.kind
        self.rounds[kind] += 1
        self.figures[kind].update(done.figures)
        self.kills.update(+done.kills)
        self.faults.update(+done.faults)
        self.recovery_seconds[kind] = max(self.recovery_seconds.get(kind, 0.0), done.recovery_seconds)
        for program, mib in done.peaks_mib.items():
            self.peaks_mib[program] = max(self.peaks_mib.get(program, 0), mib)
        self.broken += [f"{promise} [{round_id.options}]" for promise in done.broken]

    def line(self, minutes: float) -> str:
        """Return the state so far in one line."""
        figures = sum(self.figures.values(), Counter[str]())
        return (
            f"{minutes:.0f} min: {self.rounds.total():,} rounds, {self.kills.total():,} kills,"
            f" {self.faults.total():,} faults, {figures['leads read']:,} leads read,"
            f" {figures['leads written']:,} written, {figures['leads lost']:,} lost, {len(self.broken)} promises broken"
        )

    def as_json(self, minutes: float) -> dict[str, Any]:
        """Return everything; times in minutes and seconds, memory in MiB."""
        return {
            "seed": self.seed,
            "minutes": round(minutes, 1),
            "versions": _versions(),
            "rounds": dict(self.rounds),
            "figures": {kind: dict(figures) for kind, figures in self.figures.items()},
            "kills": dict(self.kills),
            "faults": dict(self.faults),
            "worst_recovery_seconds": {kind: round(seconds, 1) for kind, seconds in self.recovery_seconds.items()},
            "peak_memory_mib": self.peaks_mib,
            "broken": self.broken,
        }

    def as_text(self, minutes: float) -> str:
        """Return everything as tables."""
        found = self.as_json(minutes)
        tables = {
            "rounds": found["rounds"],
            **{f"figures: {kind}": figures for kind, figures in found["figures"].items()},
            "kills": found["kills"],
            "faults": found["faults"],
            "worst recovery, s": found["worst_recovery_seconds"],
            "peak memory, MiB": found["peak_memory_mib"],
        }
        versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
        parts = [f"{self.line(minutes)}; seed {self.seed}; {versions}"]
        parts += [_table(name, rows) for name, rows in tables.items() if rows]
        parts += [f"BROKEN: {promise}" for promise in self.broken]
        return "\n\n".join(parts)


def _table(name: str, rows: dict[str, float]) -> str:
    return "\n".join([f"| {name} | |", "|---|--:|", *(f"| {row} | {value:,} |" for row, value in sorted(rows.items()))])


def _versions() -> dict[str, str]:
    packages = ("singer-seeker-leads", "singer-sdk", "psycopg")
    return {"Python": platform.python_version(), **{package: version(package) for package in packages}}
