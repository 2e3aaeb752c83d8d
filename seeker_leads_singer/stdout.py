"""Standard output, as the pipe between two programs."""

from __future__ import annotations

import os
import select
import sys

from seeker_leads_api.errors import FatalError


class StdoutLostError(FatalError):
    """What was written to stdout did not arrive, so that nothing after it may count as handed on."""


def write_whole(lines: bytes) -> None:
    """Write lines to stdout at once, all of them, also when a signal comes in between.

    Raises:
        StdoutLostError: nobody reads them any more, or the disk is full.
    """
    if sys.stdout is None:
        msg = "stdout is closed: give it a file or a program that reads it"
        raise StdoutLostError(msg)
    try:
        _write_whole(lines)
    except BrokenPipeError:
        msg = "What reads stdout has ended before everything was written: its own log says why"
        raise StdoutLostError(msg) from None
    except OSError as error:
        msg = f"stdout cannot be written: {os.strerror(error.errno or 0)}"
        raise StdoutLostError(msg) from None


def _write_whole(lines: bytes) -> None:
    # With PYTHONUNBUFFERED, which container images like to set, stdout is a raw file: a write to a full pipe that a
    # signal breaks off then says how much it wrote, and the rest is ours to write.
    unbuffered = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
    rest = memoryview(lines)
    while rest:
        written = unbuffered.write(rest)
        if written is None:  # a pipe that does not block, and is full
            select.select([], [unbuffered], [])
        rest = rest[written or 0 :]
