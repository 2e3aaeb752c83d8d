from __future__ import annotations

import io
import logging

import pytest

from seeker_leads_cli.send.progress import LogBesideProgress, Progress, progress_line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("done", "total", "seconds", "line"),
    [
        (0, 40, 0.0, "[--------------------] 0 of 40 rows (0%), 0.0 rows/s"),
        (1000, 4000, 20.0, "[#####---------------] 1,000 of 4,000 rows (25%), 50.0 rows/s, 1:00 left"),
        (50, 1_000_000, 1.0, "[--------------------] 50 of 1,000,000 rows (0%), 50.0 rows/s, 5:33:19 left"),
        (40, 40, 1.0, "[####################] 40 of 40 rows (100%), 40.0 rows/s, 0:00 left"),
        (0, 0, 1.0, "[####################] 0 of 0 rows (100%), 0.0 rows/s"),
    ],
)
def test_a_line_says_rate_and_time_left(done: int, total: int, seconds: float, line: str) -> None:
    """The line shows the progress, the rate and the time left."""
    assert progress_line(done, total, seconds) == line


def test_lines_are_passed_on_and_counted() -> None:
    """On a terminal, each line replaces the previous one; log records are written on lines of their own."""
    terminal = Terminal()
    now = iter(range(100))
    progress = Progress(2, terminal, clock=lambda: float(next(now)))
    assert list(progress.count(iter([b"a", b"b", b"c"]))) == [b"a", b"b", b"c"]
    assert terminal.getvalue().count("\r\x1b[K[") == 3
    assert "2 of 2 rows (100%)" in terminal.getvalue()
    handler = LogBesideProgress(progress)
    handler.setStream(terminal)
    handler.handle(logging.LogRecord("target", logging.INFO, __file__, 1, "done", None, None))
    assert terminal.getvalue().endswith("\r\x1b[Kdone\n")


def test_no_progress_without_a_terminal() -> None:
    """No control characters are written to a file or a pipe."""
    pipe = io.StringIO()
    progress = Progress(1, pipe)
    assert list(progress.count(iter([b"a"]))) == [b"a"]
    progress.clear()
    assert pipe.getvalue() == ""
