"""What clients did to the sandbox: enough to prove that a client kept the limit, and how fast it was."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seeker_leads_sandbox.api.routes import TOKEN_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seeker_leads_sandbox.api.limiter import RateLimit

#: The status of a request that got no answer: reset, cut off before the first byte, or given up by its client.
NO_ANSWER = 0


@dataclass(slots=True)
class RequestRecord:
    """One request; instants are monotonic seconds, `status` is None while it is under way."""

    method: str
    path: str  #: the route, such as `/leads/{leadId}`: never an id
    is_limited: bool
    started: float
    account: str | None = None  #: the agency that its token is for
    ended: float | None = None
    status: int | None = None


class Statistics:
    """Every request since the start or the last reset; the server writes, anyone may read."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._records: list[RequestRecord] = []
        self._in_flight: Counter[str] = Counter()
        self._max_in_flight: Counter[str] = Counter()
        self._changed = threading.Condition()

    def wait_until(self, condition: Callable[[], bool], *, timeout_seconds: float = 60.0) -> bool:
        """Wait until a condition holds, which is looked at with each request and answer; False: it still does not."""
        with self._changed:
            return self._changed.wait_for(condition, timeout_seconds)

    def start(
        self, method: str, path: str, *, is_limited: bool, now: float, account: str | None = None
    ) -> RequestRecord:
        """Note a request that came in."""
        record = RequestRecord(method, path, is_limited, now, account)
        self._records.append(record)
        if is_limited:
            self._in_flight[method] += 1
            self._max_in_flight[method] = max(self._max_in_flight[method], self._in_flight[method])
        self._tell()
        return record

    def finish(self, record: RequestRecord, status: int, now: float) -> None:
        """Note its answer."""
        record.status = status
        record.ended = now
        if record.is_limited:
            self._in_flight[record.method] -= 1
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def reset(self) -> None:
        """Forget everything but what is in flight."""
        self._records = []
        self._max_in_flight = Counter(self._in_flight)

    @property
    def records(self) -> list[RequestRecord]:
        """Every request, in the order of arrival, token requests too."""
        return list(self._records)

    def since(self, instant: float, *, most: int) -> list[RequestRecord]:
        """Return the requests that came in since a monotonic instant, oldest first; at most so many, the newest."""
        records = self._records
        found: list[RequestRecord] = []
        for place in range(len(records) - 1, max(-1, len(records) - 1 - most), -1):
            if records[place].started < instant:
                break
            found.append(records[place])
        return found[::-1]

    @property
    def total(self) -> int:
        """Requests of all kinds, those for tokens too."""
        return len(self._records)

    def count(self, *, method: str | None = None, path: str | None = None, status: int | None = None) -> int:
        """How many requests were like this."""
        return sum(
            (method is None or record.method == method)
            and (path is None or record.path == path)
            and (status is None or record.status == status)
            for record in self.records
        )

    @property
    def requests(self) -> int:
        """Requests of the API, without those for tokens."""
        return sum(record.path != TOKEN_PATH for record in self.records)

    @property
    def token_requests(self) -> int:
        """Requests for tokens, whatever the answer."""
        return self.count(path=TOKEN_PATH)

    @property
    def by_status(self) -> dict[int, int]:
        """How many requests of the API got which status; 0 is no answer."""
        statuses = (record.status for record in self.records if record.path != TOKEN_PATH)
        counts = Counter(status for status in statuses if status is not None)
        return dict(sorted(counts.items()))

    @property
    def max_in_flight(self) -> int:
        """Most limited requests of one method at the same time."""
        return max(self._max_in_flight.values(), default=0)

    @property
    def max_starts_in_period(self) -> int:
        """Most limited requests of one method that started within less than one period."""
        period_seconds = self.limit.period_seconds
        return max((max(starts_in_period(starts, period_seconds)) for starts in self._limited_starts()), default=0)

    @property
    def over_limit(self) -> int:
        """Requests that started before the limit allowed it, taken strictly."""
        return self._early(self.limit.period_seconds)

    @property
    def over_limit_beyond_jitter(self) -> int:
        """Requests that started before the limit allowed it by more than the jitter."""
        return self._early(self.limit.lenient_period_seconds)

    @property
    def first_start(self) -> float | None:
        """When the first limited request came in, monotonic seconds."""
        return min((record.started for record in self.records if record.is_limited), default=None)

    @property
    def last_start(self) -> float | None:
        """When the last limited request came in, monotonic seconds."""
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
        # Reading and creating have a limit each.
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
    """Yield for each of these ascending instants how many lie within the period that it ends, itself included."""
    first = 0
    for last, start in enumerate(starts):
        while start - starts[first] >= period_seconds:
            first += 1
        yield last - first + 1
