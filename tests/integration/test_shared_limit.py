"""The limit that several processes share, with real threads on a real server."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from seeker_leads_api.errors import FatalError, SettingsError
from seeker_leads_api.http.rate_limiter import Limit
from seeker_leads_api.http.shared_limit.database import open_table
from seeker_leads_api.http.shared_limit.limiter import SharedRateLimiter, limit_key
from seeker_leads_api.postgres.location import PostgresLocation
from seeker_leads_api.stopping import StopOrder, Stopping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = limit_key("https://api.example.com/v1", "a-client")
#: A very short period, for tests that are not about starts.
QUICK = Limit(100, 0.01, 2)
_REAL_SLEEP = time.sleep


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def url(database_url: str) -> str:
    """A database without the table."""
    execute(database_url, "DROP TABLE IF EXISTS seeker_leads_rate_limit")
    return database_url


@pytest.fixture
def join() -> Iterator[Callable[..., SharedRateLimiter]]:
    """Return limiters as in real runs, each with its own connection."""
    joined: list[SharedRateLimiter] = []

    def new(url: str, limit: Limit = QUICK, **options: Any) -> SharedRateLimiter:
        location = PostgresLocation.parse("rate_limit_url", url)
        joined.append(SharedRateLimiter(location, KEY, limit, **{"report": print, **options}))
        return joined[-1]

    yield new
    for limiter in joined:
        limiter.close()


def test_runs_keep_one_limit_together(url: str, join: Callable[..., SharedRateLimiter]) -> None:
    """Two runs with many threads together start no more requests, and have no more in flight, than one run may."""
    limit = Limit(5, 0.2, 3)
    lock, starts, in_flight, most = threading.Lock(), list[float](), 0, 0

    def reserve(limiter: SharedRateLimiter) -> None:
        nonlocal in_flight, most
        for _ in range(4):
            with limiter.attempt():
                with lock:
                    starts.append(time.monotonic())
                    in_flight += 1
                    most = max(most, in_flight)
                _REAL_SLEEP(0.01)
                with lock:
                    in_flight -= 1

    limiters = [join(url, limit), join(url, limit)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(reserve, limiters * 5))
    assert most <= 3
    assert len(starts) == 40
    assert max(starts) - min(starts) >= (40 / 5 - 1) * 0.2


def test_pause_of_one_run_holds_for_the_others(url: str, join: Callable[..., SharedRateLimiter]) -> None:
    """A 429 of one run pauses all runs."""
    one, other = join(url), join(url)
    for limiter in (one, other):
        with limiter.attempt():
            pass
    began = time.monotonic()
    one.pause(0.7)
    with one.attempt():  # asked after the pause was written
        pass
    assert time.monotonic() - began >= 0.69
    other.pause(0.7)
    began = time.monotonic()
    with other.attempt(), one.attempt():
        pass
    assert time.monotonic() - began >= 0.69


def test_slots_of_who_leaves_are_free(url: str, join: Callable[..., SharedRateLimiter]) -> None:
    """A run that ends normally is removed from the table."""
    limiter = join(url)
    with limiter.attempt():
        assert len(execute(url, "SELECT jsonb_object_keys(runs) FROM seeker_leads_rate_limit")) == 1
    limiter.close()
    assert execute(url, "SELECT jsonb_object_keys(runs) FROM seeker_leads_rate_limit") == []


def test_stop_ends_every_wait(url: str, join: Callable[..., SharedRateLimiter]) -> None:
    """Threads that wait for a slot or a distant start stop with the order to stop, and hold nothing then."""
    stopping = Stopping()
    holder, waiter = join(url), join(url, sleep=stopping.sleep)
    with holder.attempt(), holder.attempt(), ThreadPoolExecutor(3) as pool:

        def wait() -> None:
            with waiter.attempt():
                pytest.fail("there is no slot")

        waiting = [pool.submit(wait) for _ in range(3)]
        _REAL_SLEEP(0.3)
        ordered_at = time.monotonic()
        stopping.order()
        for each in waiting:
            with pytest.raises(StopOrder):
                each.result(timeout=5)
        assert time.monotonic() - ordered_at < 1.0
    assert waiter._poller.tickets.wait(0, 0) == (0, 0)

    stopping = Stopping()
    paused = join(url, sleep=stopping.sleep)
    paused.pause(60)
    threading.Timer(0.5, stopping.order).start()
    with pytest.raises(StopOrder), paused.attempt():
        pass


def test_lost_connection_ends_the_run(url: str, join: Callable[..., SharedRateLimiter]) -> None:
    """Without its connection, no request starts: the run ends with a line that names the database and the cure."""
    limiter = join(url)
    with limiter.attempt():
        pass
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'seeker-leads-rate-limit'"
    assert execute(url, end)

    def go_on() -> None:
        for _ in range(1000):
            with limiter.attempt():
                _REAL_SLEEP(0.01)

    with pytest.raises(FatalError, match=r"shared rate limit in postgresql://.* no request is made without it.*again"):
        go_on()


def test_unavailable_database_ends_the_run(join: Callable[..., SharedRateLimiter]) -> None:
    """Without the database, no request starts, and the message has no password."""
    limiter = join("postgresql://user:s3cret@127.0.0.1:1/db")
    with pytest.raises(FatalError, match=r"could not be opened.*no request is made") as caught, limiter.attempt():
        pytest.fail("it started without a limit")
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_server_that_does_not_answer_ends_the_run(
    url: str, join: Callable[..., SharedRateLimiter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen server does not block a run forever."""
    monkeypatch.setattr("seeker_leads_api.http.shared_limit.poller._LONGEST_SILENCE_SECONDS", 0.3)
    limiter = join(url)
    with limiter.attempt():
        pass
    with psycopg.connect(url) as frozen:
        frozen.execute("SELECT 1 FROM seeker_leads_rate_limit FOR UPDATE")
        with pytest.raises(FatalError, match="does not answer"), limiter.attempt():
            pytest.fail("it started without a limit")


def test_limiter_that_is_closed_starts_nothing(url: str, join: Callable[..., SharedRateLimiter]) -> None:
    """A thread that is left after the end of its run gets an error instead of waiting."""
    limiter = join(url)
    with limiter.attempt():
        pass
    limiter.close()
    with pytest.raises(FatalError, match="is closed"), limiter.attempt():
        pytest.fail("it started without a limit")


def test_runs_that_begin_at_once_make_one_table(url: str) -> None:
    """The first run creates the table, and no run fails."""
    location = PostgresLocation.parse("rate_limit_url", url)
    with ThreadPoolExecutor(8) as pool:
        for connection in pool.map(open_table, [location] * 8):
            connection.close()


def as_role(url: str) -> str:
    """Return the URL for a role that may use tables and make none."""
    execute(url, "DROP ROLE IF EXISTS runner; CREATE ROLE runner LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    return url.replace("postgres:", "runner:", 1)


def test_role_may_have_no_right_to_make_tables(url: str, join: Callable[..., SharedRateLimiter]) -> None:
    """A role that may only read and write the table can share the limit; if it is missing, the error says the cure."""
    runner = as_role(url)
    with (
        pytest.raises(FatalError, match=r"could not be opened.*grant SELECT, INSERT and UPDATE"),
        join(runner).attempt(),
    ):
        pass
    with join(url).attempt():
        pass
    execute(url, "GRANT SELECT, INSERT, UPDATE ON seeker_leads_rate_limit TO runner")
    try:
        with join(runner).attempt():
            pass
    finally:
        execute(url, "DROP OWNED BY runner; DROP ROLE runner")


def test_schema_is_the_urls(url: str, join: Callable[..., SharedRateLimiter]) -> None:
    """`?schema=` sets the schema of the table; a changed `search_path` does not create a second limit."""
    execute(url, "DROP SCHEMA IF EXISTS limits CASCADE; CREATE SCHEMA limits")
    with join(f"{url}&schema=limits").attempt():
        pass
    assert execute(url, "SELECT schemaname FROM pg_tables WHERE tablename = 'seeker_leads_rate_limit'") == [("limits",)]
    with pytest.raises(SettingsError, match=r"`rate_limit_url`.*schema `limits`.*\?schema=limits"), join(url).attempt():
        pass
    execute(url, "DROP SCHEMA limits CASCADE")


def test_different_limits_are_told(url: str, join: Callable[..., SharedRateLimiter]) -> None:
    """A run with a larger limit than another uses the smaller one, and says so once."""
    output: list[str] = []
    small, large = join(url, Limit(5, 0.01, 1)), join(url, QUICK, report=output.append)
    with small.attempt():
        pass
    for _ in range(3):
        with large.attempt():
            pass
    smallest = "5 requests in 10 ms, 1 at once"
    assert output == [f"Runs that share `rate_limit_url` have different rate limits; the smallest counts: {smallest}"]


def test_start_that_is_missed_is_given_up(url: str, join: Callable[..., SharedRateLimiter]) -> None:
    """A thread that wakes up too late reserves another start, because the next ones rely on the distance."""
    naps = iter([0.3])

    def oversleep(seconds: float) -> None:
        _REAL_SLEEP(seconds + (next(naps, 0.0) if seconds else 0.0))

    limiter = join(url, Limit(10, 0.2, 10), sleep=oversleep)
    limiter.pause(0.5)
    with limiter.attempt():
        [(late,)] = execute(
            url,
            "SELECT extract(epoch FROM clock_timestamp())::float - starts[cardinality(starts)]"
            " FROM seeker_leads_rate_limit",
        )
    assert next(naps, None) is None
    assert late < 0.2


def test_table_holds_nothing_private(url: str, join: Callable[..., SharedRateLimiter]) -> None:
    """The table contains neither URL nor client; its key is a hash."""
    with join(url).attempt():
        [(row,)] = execute(url, "SELECT l::text FROM seeker_leads_rate_limit l")
    assert KEY in row
    assert "example" not in row
    assert "client" not in row
