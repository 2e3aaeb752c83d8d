from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_sandbox.api.limiter import Limiter, RateLimit
from seeker_leads_sandbox.data.request_log import NO_ANSWER, Statistics

LIMIT = RateLimit(requests=10, period_seconds=0.2, max_concurrent=10, jitter_seconds=0.02)
STRICT = RateLimit(requests=10, period_seconds=0.2, max_concurrent=1000)


def test_ten_starts_pass_and_the_eleventh_waits_for_its_period() -> None:
    """The 11th start within the period minus the jitter is refused; after that time, a start is admitted again."""
    limiter = Limiter(LIMIT)

    def start_and_finish(now: float) -> bool:
        passed = limiter.try_start(now)
        if passed:
            limiter.finish()
        return passed

    assert all(start_and_finish(0.0) for _ in range(10))
    assert not start_and_finish(0.179)
    assert start_and_finish(0.181)


def test_an_eleventh_request_in_flight_is_refused_whenever_it_starts() -> None:
    """At most ten requests are in flight; only the end of one admits the next."""
    limiter = Limiter(LIMIT)
    assert all(limiter.try_start(float(second)) for second in range(10))

    assert not limiter.try_start(100.0)
    limiter.finish()
    assert limiter.try_start(100.0)


@given(st.lists(st.floats(min_value=0, max_value=2, allow_nan=False), max_size=80).map(sorted))
def test_admitted_requests_keep_the_limit(instants: list[float]) -> None:
    """Whatever the order of requests, the admitted ones keep the limit according to the statistics."""
    limiter, statistics = Limiter(STRICT), Statistics(STRICT)

    for instant in instants:
        if limiter.try_start(instant):
            statistics.start("GET", "/leads", is_limited=True, now=instant)

    assert statistics.over_limit == 0
    assert statistics.max_starts_in_period <= STRICT.requests


def test_statistics_separate_the_strict_limit_from_jitter() -> None:
    """A start that is slightly early exceeds only the strict limit; a much too early one also exceeds the jitter."""
    statistics = Statistics(LIMIT)
    for instant in (*[0.0] * 10, 0.19, 0.4):
        statistics.start("GET", "/leads", is_limited=True, now=instant)

    assert (statistics.over_limit, statistics.over_limit_beyond_jitter) == (1, 0)
    assert statistics.max_starts_in_period == 11

    statistics.start("GET", "/leads", is_limited=True, now=0.1)
    assert (statistics.over_limit, statistics.over_limit_beyond_jitter) == (2, 1)
    assert (statistics.first_start, statistics.last_start) == (0.0, 0.4)


def test_reading_and_creating_are_counted_separately() -> None:
    """Ten GETs and ten POSTs at once keep both limits."""
    statistics = Statistics(LIMIT)
    for method in ("GET", "POST"):
        for _ in range(10):
            statistics.start(method, "/leads", is_limited=True, now=0.0)

    assert statistics.over_limit == 0
    assert statistics.max_in_flight == 10


def test_statistics_count_answers_and_forget_on_reset() -> None:
    """Requests are counted by route and status, token requests separately; a reset keeps those in flight."""
    statistics = Statistics(LIMIT)
    token = statistics.start("POST", "/oauth/token", is_limited=False, now=0.0)
    statistics.finish(token, 200, 0.1)
    lost = statistics.start("GET", "/leads", is_limited=True, now=0.2)
    statistics.finish(lost, NO_ANSWER, 0.3)
    statistics.start("GET", "/leads", is_limited=True, now=0.4)

    assert (statistics.requests, statistics.token_requests) == (2, 1)
    assert statistics.by_status == {NO_ANSWER: 1}
    assert statistics.count(method="GET", path="/leads", status=NO_ANSWER) == 1
    assert statistics.report()["by_route"] == {"GET /leads 0": 1, "POST /oauth/token 200": 1}

    statistics.reset()
    assert (statistics.requests, statistics.max_in_flight) == (0, 1)
    assert (statistics.first_start, statistics.max_starts_in_period) == (None, 0)
