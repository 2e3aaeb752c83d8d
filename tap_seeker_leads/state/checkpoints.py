"""When to write a STATE in the middle of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: The shortest time between two STATEs, in seconds, for all accounts together; loaders commit on each STATE.
INTERVAL_SECONDS = 1.0


class Checkpoints:
    """Calls `write`, which writes a STATE if something has changed; `clock` is in seconds."""

    def __init__(self, write: Callable[[], object], *, clock: Callable[[], float], has_many_accounts: bool) -> None:
        self._write = write
        self._clock = clock
        self._has_many_accounts = has_many_accounts
        self._written_at = float("-inf")

    def moved(self) -> None:
        """Write the state after the progress of an account, unless the last STATE is too recent."""
        now = self._clock()
        if now - self._written_at >= INTERVAL_SECONDS:
            self._write()
            self._written_at = now

    def live_part_ended(self) -> None:
        """Write the state before the refresh; with many accounts, only unless the last STATE is too recent."""
        if self._has_many_accounts:
            self.moved()
        else:
            self._write()
