"""One run over all of its accounts: it turns the pool's events into records, and ends each account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import RetriesUsedUpError
from seeker_leads_singer.stdout import StdoutLostError
from tap_seeker_leads.leads.schema import ACCOUNT
from tap_seeker_leads.reading.events import PageRead
from tap_seeker_leads.reading.outage import Outage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_seeker_leads.reading.account_reader import AccountReader
    from tap_seeker_leads.reading.readers import ReaderPool


class Reading:
    """Reads accounts concurrently. An error of one account ends that account, and the run if it is the only one."""

    def __init__(
        self,
        accounts: Sequence[AccountReader],
        pool: ReaderPool[AccountReader],
        *,
        clock: Callable[[], float],
        close: Callable[[], object],
    ) -> None:
        self.accounts = accounts
        self._pool = pool
        self._close = close
        self._outage = Outage(clock=clock) if accounts[0].label is not None else None
        self._left = set(accounts)

    @property
    def accounts_left(self) -> int:
        """How many accounts are not yet read to the end."""
        return len(self._left)

    def stop(self, signal_number: int) -> None:
        """End the reading from within a signal handler; `pages` then raises StoppedError."""
        self._pool.stop(signal_number)

    def pages(self, *, after_event: Callable[[AccountReader], object]) -> Iterator[list[dict[str, Any]]]:
        """Yield the new records of each answer as soon as it is read; the list may be empty.

        `after_event` is called after each answer and each window that was read to the end.

        Raises:
            StoppedError: a signal arrived.
            StdoutLostError: a STATE could not be written.
            Exception: the only account's error.
        """
        try:
            for account in self.accounts:
                self._continue(account)
            while self._left:
                account, event = self._pool.next_event()
                if account not in self._left:
                    continue  # an event after the account's end
                if self._outage is not None and isinstance(event, PageRead):
                    self._outage.answered()
                try:
                    records = account.handle(event)
                except Exception as error:  # noqa: BLE001  # `_fail` raises it again for a run's only account
                    self._fail(account, error)
                    continue
                if records is not None:
                    yield records if account.label is None else _labelled(account.label, records)
                after_event(account)
                self._continue(account)
        finally:
            for account in self._left:
                account.end(account.error)
            self._pool.close()
            self._close()

    def longest_wait(self, account: AccountReader) -> float:
        """Return the longest time, in seconds, that an account waited for a turn with no request under way."""
        return self._pool.longest_wait(account)

    def _continue(self, account: AccountReader) -> None:
        try:
            has_more = account.begin_next_span()
        except Exception as error:  # noqa: BLE001  # as above
            self._fail(account, error)
            return
        if account.span is None:
            self._left.discard(account)
            account.end()
        elif has_more:
            self._pool.offer(account)

    def _fail(self, account: AccountReader, error: Exception) -> None:
        # Lost output is no account's fault, and nothing after it would count as delivered.
        if self._outage is None or isinstance(error, StdoutLostError):
            raise error
        self._left.discard(account)
        account.end(error)
        if isinstance(error, RetriesUsedUpError) and self._outage.account_failed():
            for other in self._left:
                other.end(error)
            self._left.clear()


def _labelled(label: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{ACCOUNT: label, **record} for record in records]
