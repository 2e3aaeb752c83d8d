"""Polls the server in a thread of its own, for all threads of the run, over one connection."""

from __future__ import annotations

import contextlib
import secrets
import threading
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from seeker_leads_api.errors import FatalError
from seeker_leads_api.http.shared_limit.database import open_table, table_name
from seeker_leads_api.http.shared_limit.reservations import LEASE_SECONDS, ReservationRequest, Reservations
from seeker_leads_api.http.shared_limit.server_clock import ServerClock
from seeker_leads_api.http.shared_limit.tickets import Tickets
from seeker_leads_api.postgres.location import cause_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from seeker_leads_api.http.rate_limiter import Limit
    from seeker_leads_api.http.shared_limit.reservations import Reserved
    from seeker_leads_api.postgres.location import PostgresLocation

#: How often a run polls the server: while it waits for slots of other runs, and to show that it is alive.
_POLL_SECONDS = 0.05
_HEARTBEAT_SECONDS = 0.5
#: The minimum time from a reservation to its start, or a round trip, so that the start is not over on arrival.
_LEAD_SECONDS = 0.004
_LONGEST_LEAD_SECONDS = 1.0
#: A server that does not answer for this long is considered gone. Longer than connecting may take.
_LONGEST_SILENCE_SECONDS = 40.0

#: What users can do, by the name of psycopg's error.
_CURES = {
    "InsufficientPrivilege": (
        "give its user the right to create the table, or create it and grant SELECT, INSERT and UPDATE on it"
    ),
    "InvalidSchemaName": "create the schema",
    "ReadOnlySqlTransaction": "connect to the primary server",
}
_OTHER_CURE = "check that it is available"


class Poller:
    """Polls the server for starts for its `tickets`, from the first ticket until `close`."""

    def __init__(
        self,
        location: PostgresLocation,
        key: str,
        limit: Limit,
        *,
        report: Callable[[str], object],
        clock: Callable[[], float],
    ) -> None:
        self.tickets = Tickets()
        self._location = location
        self._key = key
        self._limit = limit
        self._report = report
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._is_closed = False
        self._failure: Exception | None = None
        self._server = ServerClock()
        self._not_before = float("-inf")  # by the server's clock
        self._paused_until = float("-inf")  # by this process's clock
        self._alive_at = float("-inf")
        self._asking_since: float | None = None
        self._round_trip_seconds = 0.0
        self._reported: Limit | None = None

    def start(self) -> None:
        """Start to poll, unless it already does."""
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="rate-limit", daemon=True)
                thread.start()  # may fail: a container may limit the number of threads
                self._thread = thread

    def pause(self, seconds: float) -> None:
        """Let no request of any run start for this long."""
        with self._starting:  # many threads reach the limit at once, and the longest pause counts
            self._paused_until = max(self._paused_until, self._clock() + seconds)
        self.tickets.wake()

    def check(self) -> None:
        """Raise the error that stopped the poller, if any.

        Raises:
            SettingsError: `rate_limit_url` cannot work.
            FatalError: the limit can no longer be shared.
        """
        if self._failure is not None:
            raise self._failure
        if self._is_closed:
            msg = f"{self._shown} is closed"
            raise FatalError(msg)
        asking_since = self._asking_since
        if asking_since is not None and self._clock() - asking_since > _LONGEST_SILENCE_SECONDS:
            msg = f"{self._shown} does not answer: no request is made without it; {_OTHER_CURE}, then run again"
            raise FatalError(msg)

    def local(self, server_time: float) -> float:
        """Return the same instant by the clock of this process."""
        return self._server.local(server_time)

    def may_start(self) -> bool:
        """Return whether this run still holds its slots, and no pause is known."""
        now = self._clock()
        is_paused = max(self._paused_until, self.local(self._not_before)) > now
        return not is_paused and now - self._alive_at < LEASE_SECONDS

    def begin_close(self) -> None:
        """Begin to leave the limit, without waiting for the server."""
        self._is_closed = True
        self.tickets.wake()

    def close(self, timeout_seconds: float) -> None:
        """Leave the limit, so that this run's slots are free at once; wait no longer than `timeout_seconds` for it."""
        self.begin_close()
        with self._starting:  # a thread cannot be joined while another one starts it
            thread = self._thread
        if thread is not None:
            thread.join(timeout_seconds)

    def _run(self) -> None:
        self._asking_since, what = self._clock(), "could not be opened"
        try:
            with contextlib.closing(open_table(self._location)) as connection:
                what = "could not be queried"
                self._poll(connection)
        except SQLAlchemyError as error:
            kind, words = cause_of(error)
            cure = _CURES.get(kind, _OTHER_CURE)
            msg = f"{self._shown} {what} ({kind}: {words}): no request is made without it; {cure}, then run again"
            self._failure = FatalError(msg)
        except Exception as error:  # noqa: BLE001  # raised by the threads that wait
            self._failure = error

    def _poll(self, connection: Connection) -> None:
        # 64 random bits, so that no two runs have the same id.
        reservations = Reservations(table_name(connection), self._key, secrets.token_hex(8), self._limit)
        while not self._is_closed:
            self._asking_since = None
            held, waiting = self.tickets.wait(_POLL_SECONDS, _HEARTBEAT_SECONDS)
            asked_at = self._asking_since = self._clock()
            lead_seconds = min(max(_LEAD_SECONDS, self._round_trip_seconds), _LONGEST_LEAD_SECONDS)
            pause_seconds = max(0.0, self._paused_until - asked_at)
            reserved = reservations.reserve(connection, ReservationRequest(held, waiting, pause_seconds, lead_seconds))
            self._apply(reserved, asked_at, self._clock())
        if not self.tickets.wait(0, 0)[0]:
            reservations.end(connection)
        # Requests in flight are still in flight: their slots become free when the lease ends.

    def _apply(self, reserved: Reserved, asked_at: float, answered_at: float) -> None:
        self._server.observe(asked_at=asked_at, answered_at=answered_at, server_time=reserved.now)
        # A slow answer increases the lead at once; fast ones decrease it gradually.
        self._round_trip_seconds = max(answered_at - asked_at, 0.9 * self._round_trip_seconds)
        self._not_before = reserved.not_before
        self._alive_at = asked_at
        self.tickets.grant(reserved.starts)
        if reserved.limit not in (self._limit, self._reported):
            self._report(
                f"Runs that share `{self._location.setting}` have different rate limits; the smallest counts:"
                f" {reserved.limit}"
            )
            self._reported = reserved.limit

    @property
    def _shown(self) -> str:
        return f"The shared rate limit in {self._location.shown}"
