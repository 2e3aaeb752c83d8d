from __future__ import annotations

import threading
from functools import partial

import pytest

from seeker_leads_api.stopping import Stopping
from target_seeker_leads.delivery.worker_pool import WorkerPool


def test_everything_submitted_is_delivered_once() -> None:
    """`drain` returns when each item has been delivered, by as many threads as allowed and no more."""
    before = set(threading.enumerate())
    pool = WorkerPool(4, Stopping())
    done: list[int] = []
    meeting = threading.Barrier(4)

    def deliver(item: int) -> None:
        meeting.wait(10)  # breaks unless four run at the same time
        done.append(item)

    for item in range(40):
        pool.submit(partial(deliver, item))
    pool.drain()
    pool.close()
    assert sorted(done) == list(range(40))
    assert set(threading.enumerate()) <= before


def test_source_does_not_run_ahead() -> None:
    """`submit` blocks while twice as many items as threads are open."""
    pool = WorkerPool(2, Stopping())
    gate = threading.Event()
    taken: list[int] = []

    def feed() -> None:
        for item in range(6):
            pool.submit(lambda: gate.wait(10))
            taken.append(item)

    feeder = threading.Thread(target=feed)
    feeder.start()
    feeder.join(0.05)
    assert len(taken) <= 4
    gate.set()
    feeder.join(10)
    pool.drain()
    pool.close()
    assert taken == list(range(6))


def test_first_error_stops_the_pool() -> None:
    """After an error nothing new starts, a worker's wait ends, and the caller gets the first error."""
    stopping = Stopping()
    pool = WorkerPool(2, stopping)
    done: list[int] = []
    is_waiting = threading.Event()

    def deliver(item: int) -> None:
        if item == 0:
            is_waiting.set()
            stopping.sleep(60)
            done.append(item)
        elif item == 1:
            is_waiting.wait(10)
            message = "first"
            raise ValueError(message)
        else:
            done.append(item)

    pool.submit(partial(deliver, 0))
    pool.submit(partial(deliver, 1))

    def feed() -> None:
        for item in range(2, 100):
            pool.submit(partial(deliver, item))

    with pytest.raises(ValueError, match="first"):
        feed()
    with pytest.raises(ValueError, match="first"):
        pool.drain()
    pool.close()
    assert done == []


def test_stopped_pool_says_why() -> None:
    """A caller of `submit` or `drain` gets the reason why the pool was stopped, and nothing more starts."""
    pool = WorkerPool(2, Stopping())
    pool.stop(KeyError("stop"))
    with pytest.raises(KeyError):
        pool.submit(lambda: None)
    with pytest.raises(KeyError):
        pool.drain()
    pool.close()
