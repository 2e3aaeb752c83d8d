"""Tries of one subject, several at once, until enough of their kills have hit."""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from soak.kills.database import Database
from soak.kills.subject import Moment, Place
from tests.programs import FreshProcesses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soak.kills.subject import Subject
    from tests.programs import Starter

#: One in so many tries is preceded by a whole run, to measure how long one takes at the moment.
_MEASURED_EACH = 12
#: One in so many tries uses fresh processes.
_FRESH_EACH = 20
_MAX_KILLS = 5
#: Kills are spread over the duration of a whole run and a little more.
_SPREAD = 1.05


@dataclass(frozen=True)
class Broken:
    """A try that broke a promise."""

    number: int
    sentences: tuple[str, ...]
    folder: str  #: where its files are


@dataclass
class Tally:
    """The figures of a subject."""

    name: str
    moments: Counter[Moment] = field(default_factory=Counter)
    tries: int = 0
    lost: int = 0
    in_flight: int = 0
    duplicated: int = 0
    seconds: float = 0.0
    broken: list[Broken] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """How many kills hit a running program."""
        return self.moments.total() - self.moments[Moment.AFTER]


class Campaign:
    """Tries of one subject; the same seed gives the same moments, as shares of a run's duration."""

    def __init__(self, kind: type[Subject], seed: int, forks: Starter, server_url: str) -> None:
        self._kind = kind
        self._seed = seed
        self._starters: dict[bool, Starter] = {False: forks, True: FreshProcesses()}
        self._durations: dict[bool, deque[float]] = {False: deque(maxlen=7), True: deque(maxlen=7)}
        self._server_url = server_url
        self._lock = threading.Lock()
        self._is_over = False  #: also after an error of one lane, or Ctrl-C
        self.tally = Tally(kind.name)

    def run(self, numbers: Iterator[int], lanes: int) -> Tally:
        """Make the tries with these numbers, several at once."""
        began = time.monotonic()
        with ThreadPoolExecutor(lanes) as pool:
            try:
                for each in as_completed([pool.submit(self._work, lane, numbers) for lane in range(lanes)]):
                    each.result()
            finally:
                self._is_over = True
        self.tally.seconds = time.monotonic() - began
        return self.tally

    def until(self, kills: int, minutes: float) -> Iterator[int]:
        """Number tries until so many kills have hit, or the time is over."""
        number, end = 0, time.monotonic() + minutes * 60
        while self.tally.kills < kills and time.monotonic() < end:
            yield number
            number += 1

    def _work(self, lane: int, numbers: Iterator[int]) -> None:
        name = f"{self._kind.__name__}_{lane}".lower()
        with Database(self._server_url, name) as database:
            while (number := self._next(numbers)) is not None:
                is_fresh = number % _FRESH_EACH == _FRESH_EACH - 1
                durations = self._durations[is_fresh]
                if not durations or number % _MEASURED_EACH == 0:
                    durations.append(self._try(number, database, is_fresh=is_fresh, shares=[]))
                rng = self._rng(number, "moments")
                shares = [rng.uniform(0, _SPREAD) for _ in range(rng.randint(1, _MAX_KILLS))]
                self._try(number, database, is_fresh=is_fresh, shares=shares)

    def _next(self, numbers: Iterator[int]) -> int | None:
        with self._lock:
            return None if self._is_over else next(numbers, None)

    def _rng(self, number: int, what: str) -> random.Random:
        return random.Random(f"{self._seed} {self._kind.name} {number} {what}")  # noqa: S311  # no secret

    def _try(self, number: int, database: Database, *, is_fresh: bool, shares: list[float]) -> float:
        """Kill runs at these shares of the usual duration, then run to the end; return the duration of that run."""
        folder = Path(tempfile.mkdtemp(prefix="kills-"))
        what = "subject" if shares else "whole"
        starter, moments = self._starters[is_fresh], list[Moment]()
        with self._kind(Place(folder, database, self._rng(number, what))) as subject:
            for share in shares:
                moment, _ = subject.run(starter, share * statistics.median(self._durations[is_fresh]))
                moments.append(moment)
                if moment is Moment.AFTER:
                    break
            _, seconds = subject.run(starter, None)
            subject.verify()
            result = subject.result
        with self._lock:
            self.tally.tries += bool(shares)
            self.tally.moments.update(moments)
            self.tally.lost += len(result.lost)
            self.tally.in_flight += result.in_flight
            self.tally.duplicated += len(result.duplicated)
            if result.sentences:
                self.tally.broken.append(Broken(number, result.sentences, str(folder)))
            else:
                shutil.rmtree(folder)
        return seconds
