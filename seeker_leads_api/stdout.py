"""Standard output, as the pipe between two programs."""

from __future__ import annotations

import select
import sys


def write_whole(lines: bytes) -> None:
    """Write lines to stdout at once, all of them, also when a signal comes in between.

    Raises:
        OSError: nobody reads them any more, or the disk is full.
    """
    # With PYTHONUNBUFFERED, which container images like to set, stdout is a raw file: a write to a full pipe that a
    # signal breaks off then says how much it wrote, and the rest is ours to write.
    unbuffered = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
    rest = memoryview(lines)
    while rest:
        written = unbuffered.write(rest)
        if written is None:  # a pipe that does not block, and is full
            select.select([], [unbuffered], [])
        rest = rest[written or 0 :]
