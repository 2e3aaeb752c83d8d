"""Observes the programs that a round starts: their memory, and whether any outlives the round."""

from __future__ import annotations

import ctypes
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from soak.rounds import Round

#: The programs by a word of their command line; the first one counts.
PROGRAMS = {
    "seeker_leads_webhooks": "receiver",
    "soak.pipeline": "",
    "tap-seeker-leads": "tap",
    "target-seeker-leads": "target",
    "seeker-leads retention": "retention apply",
    "rejects": "rejects retry",
}
#: Far above what any program needs for any number of leads.
MOST_MIB = 256
_EVERY_SECONDS, _PATIENCE_SECONDS = 0.25, 15.0
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of each program whose own parent was killed, so that none is out of sight (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Watch:
    """Samples the memory of all programs below this process, from `with` on until its end."""

    def __init__(self, done: Round) -> None:
        self._done = done
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        peaks = self._done.peaks_mib
        self._done.promise("memory stays flat", is_kept=max(peaks.values(), default=0) <= MOST_MIB, detail=peaks)

    def _sample(self) -> None:
        while not self._is_over.wait(_EVERY_SECONDS):
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    self._note(program_of(process.cmdline()), process.memory_info().rss // 2**20)

    def _note(self, program: str, mib: int) -> None:
        if program:
            peaks = self._done.peaks_mib
            peaks[program] = max(peaks.get(program, 0), mib)


def program_of(command: list[str]) -> str:
    """Return the name of a product's program, or an empty text."""
    words = " ".join(command)
    return next((name for word, name in PROGRAMS.items() if word in words), "")


def check_orphans(done: Round) -> None:
    """Nothing that the round started, but PostgreSQL, outlives it by more than a moment; end what does."""
    with suppress(psutil.NoSuchProcess):
        left = [each for each in psutil.Process().children(recursive=True) if each.name() != "postgres"]
        _, left = psutil.wait_procs(left, timeout=_PATIENCE_SECONDS)
        done.promise("no orphan process", is_kept=not left, detail=[program_of(_command(each)) for each in left])
        for each in left:
            with suppress(psutil.NoSuchProcess):
                each.kill()


def _command(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []
