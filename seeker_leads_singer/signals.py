"""Which signals count: one to a process group comes twice, from its sender and from a parent that passes it on."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Airflow, systemd and `timeout` signal the group, and Meltano within it passes the signal on to its plugins at once.
#: What comes later than this is somebody who will not wait.
SAME_SIGNAL_SECONDS = 2.0


@dataclass
class StopSignals:
    """Tells the signal that asks for an end in order from its echo, and from one that asks for an end at once."""

    clock: Callable[[], float] = time.monotonic
    _first_at: dict[int, float] = field(default_factory=dict)

    def is_new(self, number: int) -> bool:
        """Tell whether to end in order for this signal; the same one again much later ends the program here."""
        now = self.clock()
        if number not in self._first_at:
            self._first_at[number] = now
            return True
        if now - self._first_at[number] > SAME_SIGNAL_SECONDS:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        return False
