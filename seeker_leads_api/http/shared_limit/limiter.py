"""The limit of several processes, with the same interface as the limiter of one process."""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seeker_leads_api.http.rate_limiter import CLOSE_SECONDS
from seeker_leads_api.http.shared_limit.poller import Poller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seeker_leads_api.http.rate_limiter import Limit
    from seeker_leads_api.http.shared_limit.tickets import Ticket
    from seeker_leads_api.postgres.location import PostgresLocation

#: How often a waiting thread checks whether the run must stop, or the database is gone.
_CHECK_SECONDS = 0.05
#: A start that is later than this may be too close to the next ones, and is given up. On a busy machine that is always
#: late, each further try may be twice as late.
_MAX_LATE_SECONDS = 0.01


class SharedRateLimiter:
    """At most `limit` for all processes with the same database and key together; see `RateLimiter` for the promises.

    It connects with the first `attempt`. The slots of a run that dies become free within 2 s.
    """

    def __init__(  # noqa: PLR0913  # time is injected
        self,
        location: PostgresLocation,
        key: str,
        limit: Limit,
        *,
        report: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._poller = Poller(location, key, limit, report=report, clock=clock)
        self._clock = clock
        self._sleep = sleep

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Wait until a request may start; hold the permit until the context ends, after the answer is read.

        Raises:
            SettingsError: `rate_limit_url` cannot work.
            FatalError: the database is unavailable, so it is unknown whether a request may start.
        """
        self._poller.start()
        max_late_seconds, is_in_time = _MAX_LATE_SECONDS, False
        while not is_in_time:
            ticket = self._poller.tickets.take()
            try:
                is_in_time = self._is_in_time(ticket, max_late_seconds)
                if is_in_time:
                    yield
            finally:
                self._poller.tickets.give_back(ticket)
            max_late_seconds *= 2

    def pause(self, seconds: float) -> None:
        """Let no request of any process start for this long: the API answered 429."""
        self._poller.pause(seconds)

    def begin_close(self) -> None:
        """Begin to leave the limit, without waiting for the server."""
        self._poller.begin_close()

    def close(self, timeout_seconds: float = CLOSE_SECONDS) -> None:
        """Leave the limit: the slots of this process become free at once, unless the server takes too long."""
        self._poller.close(timeout_seconds)

    def _is_in_time(self, ticket: Ticket, max_late_seconds: float) -> bool:
        """Wait for the ticket's start; return whether it may still be used then."""
        while not ticket.granted.wait(_CHECK_SECONDS):
            self._sleep(0)
            self._poller.check()
        while (wait_seconds := self._poller.local(ticket.start) - self._clock()) > 0:
            self._sleep(min(wait_seconds, 10 * _CHECK_SECONDS))
            self._poller.check()
        return -wait_seconds <= max_late_seconds and self._poller.may_start()


def limit_key(api_url: str, client_id: str | None, label: str | None = None) -> str:
    """Return the key of the limit for this URL, client and account label; it reveals none of them."""
    parts = urlsplit(api_url)
    same_url = parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl()
    names = [same_url, client_id or "", *([label] if label is not None else [])]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
