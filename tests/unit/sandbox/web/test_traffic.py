from __future__ import annotations

import pytest

from seeker_leads_sandbox.api.limiter import RateLimit
from seeker_leads_sandbox.data.request_log import RequestRecord
from seeker_leads_sandbox.web.traffic import SECONDS, Traffic, is_error, limit_chart

LIMIT = RateLimit(requests=10, period_seconds=0.2, max_concurrent=10)
NOW = 1000.5


def traffic(*starts: float, method: str = "GET") -> Traffic:
    records = [RequestRecord(method, "/leads", is_limited=True, started=start) for start in starts]
    return Traffic(records, NOW, 0.0, LIMIT)


def test_the_maximum_in_a_period_is_counted_second_by_second() -> None:
    """A burst counts for the second in which it was densest, even if it began in the second before."""
    seconds = traffic(*(999.95 + 0.01 * number for number in range(12))).by_second("GET")
    assert seconds[-2:] == [5, 12]
    assert sum(seconds[:-2]) == 0


def test_reading_and_creating_have_separate_limits() -> None:
    """Reading and creating are counted separately."""
    both = Traffic([*traffic(1000.0, 1000.1).records, *traffic(1000.1, method="POST").records], NOW, 0.0, LIMIT)
    assert (both.by_second("GET")[-1], both.by_second("POST")[-1], both.most_in_period) == (2, 1, 2)


def test_requests_older_than_the_chart_are_omitted() -> None:
    """The chart starts one minute ago."""
    assert traffic(NOW - SECONDS - 5).most_in_period == 0


@pytest.mark.parametrize(("count", "is_over"), [(10, False), (11, True)])
def test_a_bar_over_the_limit_is_highlighted(count: int, is_over: bool) -> None:  # noqa: FBT001  # a parameter
    """A bar above the limit has the colour of the legend's last entry, and the chart's text states the number."""
    chart = limit_chart(traffic(*[1000.0] * count))
    assert f"during the last minute: {count}; the limit is 10." in chart
    assert ('class="over"' in chart) is is_over


@pytest.mark.parametrize(("status", "expected"), [(0, True), (200, False), (206, False), (404, False), (429, True)])
def test_an_empty_period_is_not_an_error(status: int, expected: bool) -> None:  # noqa: FBT001  # a parameter
    """404 is the API's answer to a period without leads."""
    assert is_error(status) is expected
