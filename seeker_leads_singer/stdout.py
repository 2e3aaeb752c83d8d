"""Standard output as a pipe to another program."""

from __future__ import annotations

import os
import select
import sys

from seeker_leads_api.errors import FatalError


class StdoutLostError(FatalError):
    """Output to stdout was lost, so nothing after it counts as delivered."""


def write_whole(lines: bytes) -> None:
    """Write all lines to stdout at once, even if a signal arrives in between.

    Raises:
        StdoutLostError: the reader has ended, or the disk is full.
    """
    if sys.stdout is None:
        msg = "stdout is closed: redirect it to a file or a program"
        raise StdoutLostError(msg)
    try:
        _write_whole(lines)
    except BrokenPipeError:
        msg = "The program that reads stdout ended before everything was written: see its log"
        raise StdoutLostError(msg) from None
    except OSError as error:
        msg = f"Cannot write to stdout: {os.strerror(error.errno or 0)}"
        raise StdoutLostError(msg) from None


def _write_whole(lines: bytes) -> None:
    # With PYTHONUNBUFFERED, which many container images set, stdout is a raw file: if a signal interrupts a write to a
    # full pipe, only a part is written, and the rest must be written again.
    unbuffered = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
    rest = memoryview(lines)
    while rest:
        written = unbuffered.write(rest)
        if written is None:  # a full, non-blocking pipe
            select.select([], [unbuffered], [])
        rest = rest[written or 0 :]
