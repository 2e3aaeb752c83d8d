"""Plays rounds side by side, each in a process of its own, which is ended if it hangs."""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.connection
import os
import shutil
import signal
import tempfile
import time
import traceback
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from soak.faults.disk import remove_disks
from soak.faults.postgres import Postgres
from soak.rounds import Place, Round
from soak.watch import Watch, adopt_orphans, check_orphans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

    from soak.rounds import RoundId, Scenario

#: A round that takes longer hangs.
LONGEST_SECONDS = 1500.0
#: A child that is forked has all modules loaded.
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class _Playing:
    """A round in progress."""

    round_id: RoundId
    process: ForkProcess
    result: Connection
    folder: Path
    lane: int
    began: float


def play_rounds(
    round_ids: Iterator[RoundId],
    scenarios: Mapping[str, Scenario],
    *,
    lanes: int,
    tick: Callable[[], object],
) -> Iterator[tuple[RoundId, Round]]:
    """Yield each round once it is over, and take the next one as soon as a lane is free.

    `tick` is called about once a second.
    """
    with ExitStack() as stack:
        servers = [_server(stack) for _ in range(lanes)]
        playing: list[_Playing] = []
        stack.callback(_end_all, playing)
        free, is_more = [*range(lanes)], True
        while playing or is_more:
            while free and is_more and (round_id := next(round_ids, None)):
                playing.append(_start(round_id, scenarios[round_id.kind], servers, free.pop(), time.monotonic()))
            is_more = is_more and not free
            ready = multiprocessing.connection.wait([each.result for each in playing], timeout=1.0)
            tick()
            for each in [*playing]:
                is_hung = time.monotonic() - each.began > LONGEST_SECONDS
                if each.result in ready or is_hung:
                    done = _result_of(each, is_hung=is_hung)
                    playing.remove(each)
                    free.append(each.lane)
                    yield each.round_id, done


def _server(stack: ExitStack) -> Postgres:
    # Under root, PostgreSQL runs as another user, who must have access to its folder.
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-postgres-", ignore_cleanup_errors=True))
    server = Postgres(Path(folder))
    stack.callback(server.stop)
    return server


def _start(round_id: RoundId, scenario: Scenario, servers: list[Postgres], lane: int, now: float) -> _Playing:
    result, sender = _FORK.Pipe(duplex=False)
    if scenario.needs_postgres:
        servers[lane].start()
    folder = Path(tempfile.mkdtemp(prefix="soak-round-"))
    process = _FORK.Process(target=_play, args=(sender, round_id, scenario, Place(folder, servers[lane])))
    process.start()
    sender.close()
    return _Playing(round_id, process, result, folder, lane, now)


def _play(result: Connection, round_id: RoundId, scenario: Scenario, place: Place) -> None:
    """Play a round; this is the new process."""
    # The sandbox's server logs every connection that a kill breaks.
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ["PYTHONFAULTHANDLER"] = "1"  # a program that hangs can be asked where it is
    adopt_orphans()
    seen = Round()
    try:
        with Watch(seen):
            done = scenario.play(scenario.choose(round_id.rng), place)
    except Exception:  # noqa: BLE001  # a check that could not be made is not a kept promise
        done = Round()
        done.promise("the round can be played", is_kept=False, detail=traceback.format_exc())
    check_orphans(done)
    done.peaks_mib = seen.peaks_mib
    done.broken += seen.broken
    result.send(done)


def _result_of(playing: _Playing, *, is_hung: bool) -> Round:
    done = Round()
    try:
        if is_hung:
            done.promise("a round ends", is_kept=False, detail=f"not within {LONGEST_SECONDS:.0f} s")
        else:
            done = playing.result.recv()
            playing.process.join()
    except EOFError:
        done.promise("a round ends", is_kept=False, detail="its process ended early")
    _end(playing)
    return done


def _end_all(playing: list[_Playing]) -> None:
    for each in playing:
        _end(each)


def _end(playing: _Playing) -> None:
    """End the round's process, with all that it started but PostgreSQL, which belongs to the lane."""
    with suppress(psutil.NoSuchProcess, ValueError):
        process = psutil.Process(playing.process.pid)
        family = [each for each in process.children(recursive=True) if each.name() != "postgres"]
        for each in (process, *family):
            with suppress(psutil.NoSuchProcess):
                each.kill()
    playing.process.join()
    playing.result.close()
    remove_disks(playing.folder)
    shutil.rmtree(playing.folder, ignore_errors=True)
