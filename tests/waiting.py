"""Waits for what another thread or process does."""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol


class _Logging(Protocol):
    @property
    def log(self) -> str:
        """What a program has logged so far."""


def wait_until(condition: Any, *, timeout_seconds: float = 30.0, log: _Logging | None = None) -> None:
    """Wait until another thread or process makes the condition true."""
    until, pause = time.monotonic() + timeout_seconds, threading.Event()
    while not condition():
        assert time.monotonic() < until, log.log[-3000:] if log else "nothing happened"
        pause.wait(0.01)
