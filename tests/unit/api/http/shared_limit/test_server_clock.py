from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_api.http.shared_limit.server_clock import ServerClock

delays = st.floats(0.0001, 2.0)
trips = st.lists(st.tuples(delays, delays, st.floats(0.0, 30.0)), min_size=1, max_size=30)
#: The precision of floats for today's Unix seconds.
ROUNDING_SECONDS = 1e-5


@given(trips, st.floats(-1e9, 1e9), st.floats(-4e-5, 4e-5))
def test_error_is_at_most_half_of_the_quickest_round_trip(
    trips: list[tuple[float, float, float]], ahead: float, drift: float
) -> None:
    """However slow other answers are in each direction, one fast answer is enough, except for the drift since then."""
    clock, now, allowed = ServerClock(), 1000.0, float("inf")
    for there, back, pause in trips:
        asked_at, now = now, now + there
        server_time = now * (1 + drift) + ahead
        now += back
        clock.observe(asked_at=asked_at, answered_at=now, server_time=server_time)
        allowed = min(allowed, (there + back) / 2)
        assert abs(clock.local(server_time) - (now - back)) <= allowed + ROUNDING_SECONDS
        now += pause
        allowed += 1.5e-4 * (there + back + pause)


@pytest.mark.parametrize("step", [-3600.0, -0.5, 0.5, 3600.0])
def test_clock_that_is_set_counts_from_then_on(step: float) -> None:
    """If the server's clock is set, forward or back, the next answer replaces all earlier ones."""
    clock = ServerClock()
    clock.observe(asked_at=10.0, answered_at=10.01, server_time=110.005)
    clock.observe(asked_at=11.0, answered_at=11.01, server_time=111.005 + step)
    assert clock.local(112.0 + step) == pytest.approx(12.0, abs=0.006)
