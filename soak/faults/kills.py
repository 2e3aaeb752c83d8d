"""When a process is ended, and by which signal."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.killed_runs import after_requests, after_seconds

if TYPE_CHECKING:
    import random

    from seeker_leads_sandbox import Sandbox
    from tests.killed_runs import Moment


@dataclass(frozen=True)
class Kill:
    """The end of a process: after so many requests, or after so many seconds if there are none."""

    by: signal.Signals
    requests: int = 0
    seconds: float = 0.0

    def moment(self, sandbox: Sandbox) -> Moment:
        """Return the moment, counted from now on."""
        return after_requests(sandbox, self.requests) if self.requests else after_seconds(self.seconds)


def choose_signal(rng: random.Random) -> signal.Signals:
    """Choose how a process is ended: two of three times by SIGKILL."""
    return rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])


def choose_kill(rng: random.Random, *, requests: int, seconds: float) -> Kill:
    """Choose one, at most so late; three of four are at a request."""
    by = choose_signal(rng)
    if rng.random() < 0.75:
        return Kill(by, requests=rng.randint(1, requests))
    return Kill(by, seconds=rng.uniform(0.05, seconds))
