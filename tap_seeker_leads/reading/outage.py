"""Whether the API does not answer at all, so that there is no point in trying one account after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: An outage: this many accounts used up their tries, and no account got an answer meanwhile and for this long.
MIN_FAILED_ACCOUNTS = 10
MIN_SILENCE_SECONDS = 30.0


class Outage:
    """Counts the accounts that failed since the last answer; `clock` is in seconds."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._answered_at = clock()
        self._failed_accounts = 0

    def answered(self) -> None:
        """Note that the API has answered, for any account."""
        self._answered_at = self._clock()
        self._failed_accounts = 0

    def account_failed(self) -> bool:
        """Note that an account used up its tries; return whether that is an outage."""
        self._failed_accounts += 1
        is_silent = self._clock() - self._answered_at >= MIN_SILENCE_SECONDS
        return is_silent and self._failed_accounts >= MIN_FAILED_ACCOUNTS
