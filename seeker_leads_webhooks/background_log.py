"""Writes the log in a thread, so that a reader that stops reading it stops neither answers nor runs."""

from __future__ import annotations

import logging
import os
import queue
import threading

#: With more lines than this waiting, further ones are lost, so that they do not fill the memory.
_MAX_WAITING_LINES = 10_000
#: How long the end of the program waits for the last lines.
_LAST_LINES_SECONDS = 2.0


class BackgroundHandler(logging.Handler):
    """Writes log lines to a file descriptor, without ever waiting for it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines: queue.Queue[str | None] = queue.Queue(_MAX_WAITING_LINES)
        self._lost = 0
        self._thread = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Add a line to those that wait to be written."""
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self._lost += 1

    def close(self) -> None:
        """Write what is waiting, but do not wait long for it."""
        try:
            self._lines.put_nowait(None)
        except queue.Full:
            pass  # nobody reads
        else:
            self._thread.join(_LAST_LINES_SECONDS)
        super().close()

    def _write_all(self) -> None:
        while (line := self._lines.get()) is not None:
            lost, self._lost = self._lost, 0
            note = f"({lost} lines of the log are lost: nobody read it)\n" if lost else ""
            self._write(f"{note}{line}\n".encode("utf-8", "replace"))

    def _write(self, content: bytes) -> None:
        # Not by a stream: the end of the program would wait for its lock.
        try:
            while content:
                content = content[os.write(self._descriptor, content) :]
        except OSError:
            pass  # as `logging` does: a log that cannot be written stops nothing
