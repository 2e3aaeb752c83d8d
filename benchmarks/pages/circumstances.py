"""When, where and how the results of a page were measured."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.machine import Machine, versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: Options with a path: a page must not contain paths of a machine.
_PATHS = ("--report", "--comparison")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When, where and how the results were measured."""

    date: str
    machine: Machine
    versions: dict[str, str]
    command: str
    latency_ms: float
    repeats: int

    @classmethod
    def now(cls, arguments: Sequence[str], latency_ms: float, repeats: int, peers: Path | None) -> Circumstances:
        """Return the circumstances of a run with these arguments that is about to start."""
        return cls(
            date=time.strftime("%Y-%m-%d", time.gmtime()),
            machine=Machine.this(),
            versions=versions(peers),
            command=shlex.join(["python", "-m", "benchmarks.bench", *_without_paths(arguments)]),
            latency_ms=latency_ms,
            repeats=repeats,
        )

    def lines(self) -> str:
        """Return machine, versions and command, as a list."""
        packages = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return (
            f"- machine: {self.machine.cores} cores ({self.machine.processor}), {self.machine.memory_gib:.1f} GiB of"
            f" memory, load {self.machine.load:.2f} before the start\n"
            f"- versions: {packages}\n"
            f"- command: `{self.command}`"
        )


def _without_paths(arguments: Sequence[str]) -> Iterator[str]:
    rest = iter(arguments)
    for argument in rest:
        if argument in _PATHS:
            next(rest, None)
        elif not argument.startswith(tuple(f"{path}=" for path in _PATHS)):
            yield argument
