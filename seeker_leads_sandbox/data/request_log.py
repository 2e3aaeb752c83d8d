"""The requests that clients made: enough to prove that a client kept the limit, and to measure its speed."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seeker_leads_sandbox.api.routes import TOKEN_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seeker_leads_sandbox.api.limiter import RateLimit

#: The status of a request without an answer: reset, cut off before the first byte, or abandoned by its client.
NO_ANSWER = 0


@dataclass(slots=True)
class RequestRecord:
    """One request; instants are monotonic seconds; `status` is None while the request is in progress."""

    method: str
    path: str  #: the route, such as `/leads/{leadId}`: never an id
    is_limited: bool
    started: float
    account: str | None = None  #: the agency that its token is for
    ended: float | None = None
    status: int | None = None


class Statistics:
    """Every request since the start or the last reset; the server writes, and any thread may read."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._records: list[RequestRecord] = []
        self._in_flight: Counter[str] = Counter()
        self._max_in_flight: Counter[str] = Counter()
        self._changed = threading.Condition()

    def wait_until(self, condition: Callable[[], bool], *, timeout_seconds: float = 60.0) -> bool:
        """Wait until a condition holds, checked at each request and answer; return False on a timeout."""
        with self._changed:
            return self._changed.wait_for(condition, timeout_seconds)

    def start(
        self, method: str, path: str, *, is_limited: bool, now: float, account: str | None = None
    ) -> RequestRecord:
        """Record an incoming request."""
        record = RequestRecord(method, path, is_limited, now, account)
        self._records.append(record)
        if is_limited:
            self._in_flight[method] += 1
            self._max_in_flight[method] = max(self._max_in_flight[method], self._in_flight[method])
        self._notify()
        return record

    def finish(self, record: RequestRecord, status: int, now: float) -> None:
        """Record the request's answer."""
        record.status = status
        record.ended = now
        if record.is_limited:
            self._in_flight[record.method] -= 1
        self._notify()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def reset(self) -> None:
        """Remove all records except those of requests in flight."""
        self._records = []
        self._max_in_flight = Counter(self._in_flight)

    @property
    def records(self) -> list[RequestRecord]:
        """Every request in order of arrival, including token requests."""
        return list(self._records)

    def since(self, instant: float, *, limit: int) -> list[RequestRecord]:
        """Return the newest `limit` requests that arrived after a monotonic instant, oldest first."""
        records = self._records
        found: list[RequestRecord] = []
        for place in range(len(records) - 1, max(-1, len(records) - 1 - limit), -1):
            if records[place].started < instant:
                break
            found.append(records[place])
        return found[::-1]

    @property
    def total(self) -> int:
        """The number of all requests, including token requests."""
        return len(self._records)

    def count(self, *, method: str | None = None, path: str | None = None, status: int | None = None) -> int:
        """Return the number of matching requests."""
        return sum(
            (method is None or record.method == method)
            and (path is None or record.path == path)
            and (status is None or record.status == status)
            for record in self.records
        )

    @property
    def requests(self) -> int:
        """The number of API requests, without token requests."""
        return sum(record.path != TOKEN_PATH for record in self.records)

    @property
    def token_requests(self) -> int:
        """The number of token requests, whatever the answer."""
        return self.count(path=TOKEN_PATH)

    @property
    def by_status(self) -> dict[int, int]:
        """The number of API requests for each status; 0 means no answer."""
        statuses = (record.status for record in self.records if record.path != TOKEN_PATH)
        counts = Counter(status for status in statuses if status is not None)
        return dict(sorted(counts.items()))

    @property
    def max_in_flight(self) -> int:
        """The maximum number of limited requests of one method in flight at the same time."""
        return max(self._max_in_flight.values(), default=0)

    @property
    def max_starts_in_period(self) -> int:
        """The maximum number of limited requests of one method that started in less than one period."""
        period_seconds = self.limit.period_seconds
        return max((max(starts_in_period(starts, period_seconds)) for starts in self._limited_starts()), default=0)

    @property
    def over_limit(self) -> int:
        """The number of requests that started before the strict limit allowed it."""
        return self._early(self.limit.period_seconds)

    @property
    def over_limit_beyond_jitter(self) -> int:
        """The number of requests that started earlier than the limit allowed, by more than the jitter."""
        return self._early(self.limit.lenient_period_seconds)

    @property
    def first_start(self) -> float | None:
        """When the first limited request arrived, in monotonic seconds."""
        return min((record.started for record in self.records if record.is_limited), default=None)

    @property
    def last_start(self) -> float | None:
        """When the last limited request arrived, in monotonic seconds."""
        return max((record.started for record in self.records if record.is_limited), default=None)

    def report(self) -> dict[str, Any]:
        """Return all figures as JSON."""
        routes = Counter(f"{r.method} {r.path} {r.status}" for r in self.records if r.status is not None)
        return {
            "requests": self.requests,
            "token_requests": self.token_requests,
            "by_status": {str(status): count for status, count in self.by_status.items()},
            "by_route": dict(sorted(routes.items())),
            "max_in_flight": self.max_in_flight,
            "max_starts_in_period": self.max_starts_in_period,
            "over_limit": self.over_limit,
            "over_limit_beyond_jitter": self.over_limit_beyond_jitter,
            "first_start": self.first_start,
            "last_start": self.last_start,
        }

    def _limited_starts(self) -> Iterator[list[float]]:
        # Reading and creating have separate limits.
        records = self.records
        for method in {record.method for record in records if record.is_limited}:
            yield sorted(record.started for record in records if record.is_limited and record.method == method)

    def _early(self, period_seconds: float) -> int:
        requests = self.limit.requests
        return sum(
            later - earlier < period_seconds
            for starts in self._limited_starts()
            for earlier, later in zip(starts, starts[requests:], strict=False)
        )


def starts_in_period(starts: list[float], period_seconds: float) -> Iterator[int]:
    """Yield, for each of these ascending instants, how many fall in the period that ends at it, including itself."""
    first = 0
    for last, start in enumerate(starts):
        while start - starts[first] >= period_seconds:
            first += 1
        yield last - first + 1
