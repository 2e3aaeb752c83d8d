"""The last minute of requests: figures, a chart against the limit, and a list of the latest."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from seeker_leads_sandbox.api.problems import title
from seeker_leads_sandbox.data.request_log import NO_ANSWER, starts_in_period
from seeker_leads_sandbox.web.chart import Bar, Part, bars, key
from seeker_leads_sandbox.web.markup import Markup, join, tag
from seeker_leads_sandbox.web.times import clock_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seeker_leads_sandbox.api.limiter import RateLimit
    from seeker_leads_sandbox.backend import Backend
    from seeker_leads_sandbox.data.request_log import RequestRecord

SECONDS = 60
MAX_RECORDS = 5_000
MAX_SHOWN = 12
_FIRST_ERROR = 400
#: Each kind of request has its own limit.
_KINDS = (("GET", "reads", "Reading leads"), ("POST", "creates", "Creating leads"))


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests of the last minute, oldest first; `now` is monotonic, and `now + unix_offset` is in Unix seconds."""

    records: Sequence[RequestRecord]
    now: float
    unix_offset: float
    limit: RateLimit

    @classmethod
    def of(cls, backend: Backend) -> Traffic:
        """Return a sandbox's requests of the last minute, 5,000 at most."""
        now = backend.monotonic()
        first = int(now) - SECONDS + 1
        records = backend.statistics.since(first, limit=MAX_RECORDS)
        return cls(records, now, backend.clock() - now, backend.statistics.limit)

    @property
    def period(self) -> str:
        """The limit's period in words."""
        return f"{self.limit.period_seconds * 1000:.0f} ms"

    @property
    def most_in_period(self) -> int:
        """The maximum number of limited requests of one method that started in one period."""
        return max(max(self.by_second(method)) for method, _, _ in _KINDS)

    def count(self, condition: Callable[[int], bool]) -> int:
        """Return how many requests were answered with a status that meets the condition."""
        return sum(record.status is not None and condition(record.status) for record in self.records)

    def by_second(self, method: str) -> list[int]:
        """Return the maximum number of limited requests of a method in one period, for each of the last 60 seconds."""
        most = [0] * SECONDS
        first = int(self.now) - SECONDS + 1
        starts = sorted(record.started for record in self.records if record.is_limited and record.method == method)
        for start, count in zip(starts, starts_in_period(starts, self.limit.period_seconds), strict=True):
            place = int(start) - first
            if 0 <= place < SECONDS:
                most[place] = max(most[place], count)
        return most


def is_error(status: int) -> bool:
    """Return whether the status means an error; 404 is the API's usual answer to a period without leads."""
    return status == NO_ANSWER or (status >= _FIRST_ERROR and status != HTTPStatus.NOT_FOUND)


def limit_chart(traffic: Traffic) -> Markup:
    """Return the chart of requests in one period, second by second."""
    counts = {kind: traffic.by_second(kind[0]) for kind in _KINDS}
    most = max(max(seconds) for seconds in counts.values())
    summary = (
        f"Most requests in {traffic.period} during the last minute: {most}; the limit is {traffic.limit.requests}."
    )
    first = int(traffic.now) - SECONDS + 1
    used = [kind for kind in _KINDS if any(counts[kind])]
    columns = [
        Bar(
            f"{_clock_text(first + place + traffic.unix_offset)}: "
            + ", ".join(f"{seconds[place]} {words.lower()}" for (_, _, words), seconds in counts.items()),
            tuple(_part(kind[1], counts[kind][place], traffic.limit.requests) for kind in used),
            {0: "1 minute ago", SECONDS - 1: "now"}.get(place, "30 s"),
        )
        for place in range(SECONDS)
    ]
    chart = bars(columns, summary, limit=traffic.limit.requests, is_stacked=False)
    names = [(class_, name) for _, class_, name in _KINDS]
    return join(chart, key([*names, ("over", "Over the limit")]))


def _part(class_: str, count: int, limit: int) -> Part:
    return Part("over" if count > limit else class_, count)


def request_list(backend: Backend, traffic: Traffic) -> Markup:
    """Return the latest requests, newest first."""
    records = backend.statistics.since(float("-inf"), limit=MAX_SHOWN)[::-1]
    if not records:
        return tag("p", "No request yet. Run ", tag("code", "tap-seeker-leads"), " to see some.", class_="empty")
    heading = [tag("th", name, scope="col") for name in ("Time", "Request", "Answer", "Took")]
    rows = [_row(record, traffic.unix_offset) for record in records]
    return tag("table", tag("thead", tag("tr", heading)), tag("tbody", rows), class_="requests")


def _row(record: RequestRecord, unix_offset: float) -> Markup:
    took = "" if record.ended is None else _milliseconds(record.ended - record.started)
    return tag(
        "tr",
        tag("td", clock_time(record.started + unix_offset)),
        tag("td", tag("span", record.method, class_="method"), " ", tag("span", record.path, class_="path")),
        tag("td", _status(record.status)),
        tag("td", took, class_="number"),
        data_key=f"{record.started}",
    )


def _status(status: int | None) -> Markup:
    if status is None:
        return tag("span", "in flight", class_="badge")
    if status == NO_ANSWER:
        return tag("span", "no answer", class_="badge bad")
    kind = " bad" if is_error(status) else "" if status == HTTPStatus.NOT_FOUND else " good"
    return tag("span", tag("b", status), tag("span", " ", title(status), class_="phrase"), class_=f"badge{kind}")


def _milliseconds(seconds: float) -> str:
    shown = seconds * 1000
    if shown < 0.1:  # noqa: PLR2004  # "0.0 ms" reads like a defect
        return "< 0.1 ms"
    return f"{shown:.1f} ms" if shown < 10 else f"{shown:,.0f} ms"  # noqa: PLR2004  # two digits are enough


def _clock_text(seconds: float) -> str:
    shown = int(seconds) % 86_400
    return f"{shown // 3600:02d}:{shown // 60 % 60:02d}:{shown % 60:02d}"
