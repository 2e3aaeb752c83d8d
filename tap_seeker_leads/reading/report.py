"""What a run logs about itself: at its beginning, at intervals, and at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import FatalError, SeekerLeadsError, StoppedError
from seeker_leads_api.metrics_file import Metric, gauge
from seeker_leads_singer.command import describe
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.reading.hidden_problems import clock_warning
from tap_seeker_leads.reading.progress import INTERVAL_SECONDS, count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from singer_sdk.metrics import Point

    from tap_seeker_leads.reading.account_reader import AccountReader
    from tap_seeker_leads.reading.reading import Reading
    from tap_seeker_leads.settings import TapSettings

#: With more accounts than this, the final table lists only those with leads or an error.
MAX_FULL_TABLE_ROWS = 100
#: The last line names at most this many failed accounts; the table lists all.
MAX_NAMED = 10
_HEADINGS = ("account", "leads", "requests", "read up to", "longest wait", "error")


class AccountsFailedError(FatalError):
    """Some of several accounts were not read to the end; the others were, and their state is written."""


class ReadingReport:
    """Describes the progress of a reading, of one account or of many; `clock` is in seconds."""

    def __init__(self, reading: Reading, settings: TapSettings, *, clock: Callable[[], float]) -> None:
        self._reading = reading
        self._settings = settings
        self._clock = clock
        self._has_accounts = settings.has_accounts
        self._began = self._logged_at = clock() if self._has_accounts else 0.0

    def beginning(self) -> str:
        """Return the first line of a run."""
        accounts = self._reading.accounts
        start = min(account.live.start for account in accounts)
        end = to_rfc3339(max(start, self._settings.end))
        if not self._has_accounts:
            return f"Reading leads from {to_rfc3339(start)} to {end}"
        return f"Reading leads of {count_of(len(accounts), 'account')} to {end}, the earliest from {to_rfc3339(start)}"

    def news(self, account: AccountReader) -> str | None:
        """Return a line about the run so far, or None if the last line is recent."""
        if not self._has_accounts:
            return None if account.span is None else account.span.news()
        now = self._clock()
        if now - self._logged_at < INTERVAL_SECONDS:
            return None
        self._logged_at = now
        accounts = self._reading.accounts
        requests = sum(each.requests for each in accounts)
        return (
            f"Read {len(accounts) - self._reading.accounts_left:,} of {len(accounts):,} accounts to the end:"
            f" {sum(each.leads for each in accounts):,} leads, {requests / (now - self._began):.1f} requests/s"
        )

    def end(self, error: BaseException | None) -> Iterator[str]:
        """Yield the last lines of a run, whether or not it read everything."""
        accounts = self._reading.accounts
        if self._has_accounts:
            yield self._table()
            yield self._totals()
        elif error is None:
            yield accounts[0].live.summary() + _refresh_summary(accounts)

    def metrics(self) -> Iterator[Point[Any]]:
        """Yield a metric of how long ago the oldest reading of all accounts may be, if that is known."""
        refreshings = [account.refreshing for account in self._reading.accounts if account.refreshing]
        ages = [age for refreshing in refreshings if (age := refreshing.age()) is not None]
        if ages:
            yield max(ages, key=lambda age: age.value)

    def run_metrics(self) -> list[Metric]:
        """Return the metrics for `metrics_path`: sums over all accounts, and the earliest of their bookmarks."""
        accounts = self._reading.accounts
        failed = sum(account.error is not None for account in accounts)
        found = [
            gauge(
                "tap_seeker_leads_leads",
                "Number of leads that the last run read.",
                sum(each.leads for each in accounts),
            ),
            gauge(
                "tap_seeker_leads_requests",
                "Number of requests of the last run.",
                sum(each.requests for each in accounts),
            ),
            gauge("tap_seeker_leads_accounts", "Number of accounts of the last run.", len(accounts)),
            gauge("tap_seeker_leads_accounts_failed", "Accounts that were not read to the end.", failed),
        ]
        instants = [instant for each in accounts if (instant := each.read_up_to) is not None]
        if instants:
            text = "The bookmark in Unix seconds; with several accounts, the earliest one."
            found.append(gauge("tap_seeker_leads_read_up_to_timestamp_seconds", text, min(instants)))
        return found + [
            gauge(
                "tap_seeker_leads_refresh_age_seconds", "How long ago the oldest reading of a lead may be.", point.value
            )
            for point in self.metrics()
        ]

    def warnings(self, error: BaseException | None, *, is_incremental: bool) -> Iterator[str]:
        """Yield warnings for the user."""
        for account in self._reading.accounts:
            if account.refreshing and (warning := account.refreshing.warning()):
                yield f"{account.place}{warning}"
        # A FULL_TABLE run keeps no bookmark, so a wrong clock does no harm.
        if is_incremental and error is None:
            found = (clock_warning(account.live, self._settings.now) for account in self._reading.accounts)
            if warning := next(filter(None, found), None):  # all accounts share this machine's clock
                yield warning

    def raise_failures(self) -> None:
        """Check that every account was read to the end.

        Raises:
            AccountsFailedError: names those that were not.
        """
        failed = [account for account in self._reading.accounts if account.error is not None]
        if not failed:
            return
        named = "; ".join(f"{account.label}: {_error_text(account)}" for account in failed[:MAX_NAMED])
        others = f"; and {len(failed) - MAX_NAMED} more, see the table" if len(failed) > MAX_NAMED else ""
        all_accounts = count_of(len(self._reading.accounts), "account")
        msg = f"{len(failed)} of {all_accounts} could not be read to the end. {named}{others}"
        raise AccountsFailedError(msg)

    def _table(self) -> str:
        accounts = self._reading.accounts
        shown = [each for each in accounts if len(accounts) <= MAX_FULL_TABLE_ROWS or each.leads or each.error]
        rows = [_HEADINGS, *map(self._row, shown)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)) for row in rows]
        if quiet := len(accounts) - len(shown):
            lines.append(f"and {quiet:,} accounts without new leads")
        return "\n".join(["Accounts of this run", *(line.rstrip() for line in lines)])

    def _row(self, account: AccountReader) -> tuple[str, ...]:
        read_up_to = account.read_up_to
        return (
            str(account.label),
            f"{account.leads:,}",
            f"{account.requests:,}",
            "" if read_up_to is None else to_rfc3339(read_up_to),
            f"{self._reading.longest_wait(account):.1f} s",
            _error_text(account),
        )

    def _totals(self) -> str:
        accounts = self._reading.accounts
        waits = {account: self._reading.longest_wait(account) for account in accounts}
        slowest = max(waits, key=lambda account: waits[account])
        failed = sum(account.error is not None for account in accounts)
        leads, requests = sum(each.leads for each in accounts), sum(each.requests for each in accounts)
        return (
            f"Read {count_of(leads, 'lead')} of {count_of(len(accounts), 'account')} with"
            f" {count_of(requests, 'request')} in {self._clock() - self._began:.1f} s;"
            f" {failed or 'none'} failed; the longest wait for a turn was {waits[slowest]:.1f} s ({slowest.label})"
        )


def _refresh_summary(accounts: Sequence[AccountReader]) -> str:
    refreshing = accounts[0].refreshing
    return refreshing.summary() if refreshing else ""


def _error_text(account: AccountReader) -> str:
    """Return what ended an account; for an unexpected error only type and place, as its text may be personal data."""
    error = account.error
    if error is None or isinstance(error, StoppedError):
        return ""
    return str(error) if isinstance(error, SeekerLeadsError) else describe(error)
