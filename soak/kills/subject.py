"""What is killed: a program, its work, what can be seen of it from outside, and the truth that it must end with."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum
from signal import SIGKILL
from typing import TYPE_CHECKING, Any, ClassVar

from tests.pages import PROJECT
from tests.programs import Program
from tests.user_shells import shell

if TYPE_CHECKING:
    import random
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from soak.kills.database import Database
    from tests.programs import Ended, Starter

#: A run that takes longer has failed: on a machine that is very busy, a short run may take minutes.
LONGEST_SECONDS = 600.0


class Moment(str, Enum):
    """Where a kill hit, as seen from outside; the values are columns of the table."""

    BEFORE = "before the first request"  #: or the first connection to the database
    MIDDLE = "in the middle"
    END = "at the end"  #: all was done, but the program was still there
    AFTER = "after the end"  #: it had ended by itself, so this is not a kill


@dataclass(frozen=True)
class Place:
    """Where a try happens, and its random choices."""

    folder: Path
    database: Database
    rng: random.Random


@dataclass
class TryResult:
    """What a try showed: of each lead that was lost or duplicated, how that can be seen."""

    lost: dict[str, str] = field(default_factory=dict)
    duplicated: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)  #: other promises
    in_flight: int = 0  #: what came twice and may, since a kill hit it in flight

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was lost, duplicated without reason, or broken."""
        named = [f"{name}: {how}" for each in (self.lost, self.duplicated) for name, how in sorted(each.items())]
        return (*named, *self.broken)


class Subject(ABC):
    """One try: runs of a program with its own folder and sandbox, of which all but the last one may be killed."""

    name: ClassVar[str]
    #: Exit statuses of a run that was not killed.
    statuses: ClassVar[frozenset[int]] = frozenset({0})

    def __init__(self, place: Place) -> None:
        self.folder = place.folder
        self.database = place.database
        self.rng = place.rng
        self.result = TryResult()

    def __enter__(self) -> Self:
        return self

    def __exit__(  # noqa: B027  # a subject may have nothing to close
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def run(self, starter: Starter, kill_after_seconds: float | None) -> tuple[Moment, float]:
        """Run the program and kill it at that time; return what was hit, and how long the run took."""
        self.prepare()
        ended = self.drive(starter, LONGEST_SECONDS if kill_after_seconds is None else kill_after_seconds)
        self.look()
        if ended.status != -SIGKILL:
            if ended.status not in self.statuses:
                self.result.broken.append(f"a run that was not killed ended with status {ended.status}")
            return Moment.AFTER, ended.seconds
        if kill_after_seconds is None:
            self.result.broken.append(f"a run did not end within {LONGEST_SECONDS:g} s")
        if self.is_complete():
            return Moment.END, ended.seconds
        return Moment.MIDDLE if self.has_begun() else Moment.BEFORE, ended.seconds

    def drive(self, starter: Starter, kill_after_seconds: float) -> Ended:
        """Run the program once; override to do something meanwhile."""
        return starter.start(self.program(), kill_after_seconds).wait()

    @abstractmethod
    def program(self) -> Program:
        """Return the next run."""

    def prepare(self) -> None:  # noqa: B027  # a subject may have nothing to prepare
        """Make the input of the next run, and note what is there before it."""

    def look(self) -> None:  # noqa: B027  # a subject may show nothing in between
        """Look at what a run left behind, and add to the result what must not be, even between two runs."""

    @abstractmethod
    def has_begun(self) -> bool:
        """Return whether the last run was seen from outside."""

    @abstractmethod
    def is_complete(self) -> bool:
        """Return whether nothing is left to do."""

    @abstractmethod
    def verify(self) -> None:
        """After a run to the end, add what was lost or duplicated to the result."""

    def command(self, *arguments: object, stdin: str = "", stdout: str = "stdout", **environment: str) -> Program:
        """Return a run in this try's folder; stdin and stdout are names of files there."""
        return Program(
            arguments=tuple(map(str, arguments)),
            folder=str(self.folder),
            stdout=str(self.folder / stdout),
            stderr=str(self.folder / "log"),
            environment=shell(self.folder, PYTHONPATH=str(PROJECT), LOGLEVEL="WARNING", **environment),
            **({"stdin": str(self.folder / stdin)} if stdin else {}),
        )

    def configure(self, **settings: Any) -> Path:  # as in the file
        """Write the program's config file, and return its path."""
        path = self.folder / "config.json"
        path.write_text(json.dumps(settings))
        return path
