"""The progress of a run: one line on a terminal, updated in place."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from typing import TYPE_CHECKING, TextIO

from seeker_leads_singer.visible import VisibleFormatter
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Minimum time between two updates.
_INTERVAL_SECONDS = 0.2
_BAR_CELLS = 20
_ERASE_LINE = "\r\x1b[K"


def progress_line(done: int, total: int, seconds: float) -> str:
    """Return the progress line for `done` of `total` rows after `seconds`."""
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
    """Counts lines as they are read, and shows the progress on a terminal."""

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
        """Pass lines on; a line is done when the next one is read, since the target reads no faster than it sends."""
        for line in lines:
            yield line
            self._done = min(self._done + 1, self._total)
            now = self._clock()
            if self._is_shown and now - self._wrote >= _INTERVAL_SECONDS:
                self._wrote = now
                self._stream.write(_ERASE_LINE + progress_line(self._done, self._total, now - self._began))
                self._stream.flush()

    def clear(self) -> None:
        """Erase the line, so that other output can be written."""
        if self._is_shown:
            self._stream.write(_ERASE_LINE)
            self._stream.flush()


class LogBesideProgress(logging.StreamHandler):  # type: ignore[type-arg]  # Python 3.10 cannot subscript it
    """Writes log lines in place of the progress line, which returns with the next row."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record comes from the target itself, and not from the SDK in its name."""
        return record.module != "plugin_base" and bool(super().filter(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Erase the progress line and write a record."""
        self._progress.clear()
        super().emit(record)


@contextlib.contextmanager
def log_beside(progress: Progress) -> Iterator[None]:
    """Write the target's log alongside the progress line, which is erased at the end."""
    handler = LogBesideProgress(progress)
    handler.setFormatter(VisibleFormatter(logging.Formatter()))
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
