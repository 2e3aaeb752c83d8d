#!/usr/bin/env python3
"""Run Meltano, and end with 99 if it refuses the run because the same pipeline is already running.

    examples/meltano_or_skip.py run tap-seeker-leads target-postgres

After a refusal Meltano ends with 1, as it does after a failure; only its log tells them apart. Airflow takes 99 for a
skip, and so does the example for Dagster. Every other exit status is Meltano's own. SIGINT and SIGTERM are passed on to
Meltano once, so that the run stops gracefully.
"""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable

SKIPPED = 99
#: What `meltano run` and `meltano el` of Meltano 4.4 log when they refuse a run.
REFUSAL = re.compile(rb"Another '[^']+' pipeline is already running which started at ")


def main(arguments: list[str]) -> int:
    """Run Meltano with these arguments, copy its log, and return the exit status."""
    program = shutil.which("meltano")
    if program is None:
        sys.stderr.write("meltano is not on the PATH\n")
        return 127
    early: list[int] = []  # a signal that arrives while Meltano starts is not lost
    on_signals(early.append)
    # In a session of its own, a signal to the whole process group does not reach Meltano twice.
    with subprocess.Popen([program, *arguments], stderr=subprocess.PIPE, start_new_session=True) as meltano:
        on_signals(meltano.send_signal)
        for received in early:
            meltano.send_signal(received)
        refused = False
        for line in meltano.stderr or ():
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
            refused = refused or REFUSAL.search(line) is not None
    status = meltano.returncode
    if status == 1 and refused:
        return SKIPPED
    return status if status >= 0 else 128 - status


def on_signals(handle: Callable[[int], None]) -> None:
    """Call this with the number of each SIGINT and SIGTERM that arrives."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda received, _frame: handle(received))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
