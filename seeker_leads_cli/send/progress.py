"""How far a run is: one line on a terminal, which each new one replaces."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from typing import TYPE_CHECKING, TextIO

from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: A line is written no more often than this.
_INTERVAL_SECONDS = 0.2
_BAR_CELLS = 20
_ERASE_LINE = "\r\x1b[K"


def progress_line(done: int, total: int, seconds: float) -> str:
    """Return what is said after so many of all rows, and so many seconds."""
    share = done / total if total else 1.0
    filled = int(share * _BAR_CELLS)
    bar = "#" * filled + "-" * (_BAR_CELLS - filled)
    rate = done / seconds if seconds > 0 else 0.0
    left = f", {_duration((total - done) / rate)} left" if rate else ""
    return f"[{bar}] {done:,} of {total:,} rows ({share:.0%}), {rate:.1f} rows/s{left}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Progress:
    """Counts lines on their way, and shows it where a person looks on."""

    def __init__(
        self, total: int, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total = total
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._is_shown = self._stream is not None and self._stream.isatty()
        self._done = 0
        self._began = self._wrote = clock()

    def count(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        """Pass lines on; those that were passed on before are done, since the target takes no more than it can send."""
        for line in lines:
            yield line
            self._done = min(self._done + 1, self._total)
            now = self._clock()
            if self._is_shown and now - self._wrote >= _INTERVAL_SECONDS:
                self._wrote = now
                self._stream.write(_ERASE_LINE + progress_line(self._done, self._total, now - self._began))
                self._stream.flush()

    def clear(self) -> None:
        """Take the line away, so that something else can be written."""
        if self._is_shown:
            self._stream.write(_ERASE_LINE)
            self._stream.flush()


class LogBesideProgress(logging.StreamHandler[TextIO]):
    """Writes log lines where the line of progress is, which comes back with the next row."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is the target's own, and not what the SDK says in its name."""
        return record.module != "plugin_base" and bool(super().filter(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record on a line of its own."""
        self._progress.clear()
        super().emit(record)


@contextlib.contextmanager
def log_beside(progress: Progress) -> Iterator[None]:
    """Have the target's log written beside the line of progress, which is gone at the end."""
    handler = LogBesideProgress(progress)
    logger = logging.getLogger(TargetSeekerLeads.name)
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        progress.clear()
        logger.removeHandler(handler)
        logger.propagate = True
