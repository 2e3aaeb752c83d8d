"""Concurrent readers on real sockets: as fast as the limit allows, and graceful when stopped."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import Bounds, Fault, FaultKind, Order, Sandbox, SandboxOptions
from tap_seeker_leads.streams import LeadsStream
from tap_seeker_leads.tap import TapSeekerLeads
from tap_seeker_leads.writer import PageWriter
from tests.dialects import covering_array
from tests.tap_runs import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.singerlib.encoding.simple import RecordMessage

    from tests.tap_runs import Clock, TapRunner

WEEK = 7 * 86_400
#: Every two values of order, bounds and size of a page occur together.
AXES: list[list[Any]] = [list(Order), [Bounds.CLOSED, Bounds.OPEN], [3, 100]]
DENSE = [
    [axis[index] for axis, index in zip(AXES, row, strict=True)]
    for row in covering_array([len(axis) for axis in AXES], strength=2)
]


@pytest.mark.parametrize(
    ("sandbox_options", "page_size"),
    [
        (SandboxOptions(enforce_limit=False, order=order, bounds=bounds, latency_ms=2), page_size)
        for order, bounds, page_size in DENSE
    ],
    indirect=["sandbox_options"],
    ids=["-".join(map(str, row)) for row in DENSE],
)
def test_dense_week_is_complete_in_every_order(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, page_size: int
) -> None:
    """A busy week, with hundreds of leads in one second, is read completely and once, cut or not."""
    dates = [clock.now - WEEK + 10 + index * 600 for index in range(900)]
    sandbox.add_leads(ingestion_dates=[*dates, *[dates[450]] * 300])
    run = run_tap(start_date="2026-11-16T08:00:00Z", page_size=page_size)
    assert run.error is None
    assert len(run.ids) == len(set(run.ids)) == 1200
    assert run.bookmark == "2026-11-23T08:00:00Z"


@pytest.mark.parametrize("sandbox_options", [SandboxOptions(enforce_limit=False, latency_ms=5)], indirect=True)
def test_burst_before_a_quiet_time_is_not_an_error(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A cut may leave a reader a part without leads, even though the page announced more for the whole window."""
    burst = [clock.now - WEEK + 10 + index for index in range(100)]  # a full page
    sandbox.add_leads(ingestion_dates=[*burst, *(clock.now - 500 + index for index in range(200))])
    run = run_tap(start_date="2026-11-16T08:00:00Z", page_size=100)
    assert (run.error, len(run.ids), len(set(run.ids))) == (None, 300, 300)


def test_second_sync_of_a_tap_is_a_separate_run(sandbox: Sandbox, clock: Clock) -> None:
    """Each sync of a tap object is a separate run: seams, readers and limiter are new each time, also with retries."""
    sandbox.add_leads(ingestion_dates=[clock.now - WEEK + 1, clock.now - 1])
    collector = Collector()
    tap = TapSeekerLeads(
        config={
            "api_url": sandbox.api_url,
            "auth_token": "sandbox-token",
            "start_date": "2026-11-16",
            "max_retries": 1,
        },
        message_writer=collector,
        now=clock.now,
    )
    stream = tap.streams["leads"]
    assert isinstance(stream, LeadsStream)
    for _ in range(2):
        sandbox.script(Fault(FaultKind.STATUS, status=503, times=1))
        stream.state_manager.stream_state.clear()
        tap.sync_all()
    assert len([message for message in collector.messages if message["type"] == "RECORD"]) == 4


def test_few_pages_are_in_memory(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """If the loader does not accept leads, the reading pauses: readers do not run ahead of it."""
    sandbox.add_leads(ingestion_dates=[clock.now - WEEK + index * 100 for index in range(6000)])
    seen: list[int] = []

    def hold(stream: LeadsStream) -> None:
        write_records = stream._writer.write_records

        def slow(message: RecordMessage, records: Iterable[dict[str, Any]]) -> None:
            if not seen:
                # The main thread waits until the readers have stopped too.
                before = -1
                while before != sandbox.statistics.requests:
                    before = sandbox.statistics.requests
                    threading.Event().wait(0.2)
                seen.append(before)
            write_records(message, records)

        stream._writer.write_records = slow  # type: ignore[method-assign]

    run = run_tap(start_date="2026-11-16T08:00:00Z", page_size=10, max_concurrent_requests=4, before=hold)
    assert len(run.ids) == 6000
    assert seen[0] <= 2 * 4 + 2  # the page in hand, and one without leads before it


def test_first_error_is_the_one_shown(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """If several readers fail, the first error ends the run; the others stop without a message."""
    sandbox.script(Fault(FaultKind.STATUS, status=400, times=1), Fault(FaultKind.STATUS, status=403))
    run = run_tap(start_date="2026-01-01")
    assert "answered 40" in str(run.error)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("reader-")] == []


@pytest.mark.parametrize("sandbox_options", [SandboxOptions(leads=500, days=20, enforce_limit=False)], indirect=True)
def test_output_is_that_of_the_sdk(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """The tap's output without the SDK's mapping and conformance equals its output with them."""
    sandbox.add_leads(
        leads=[
            {
                "metadata": {"leadId": "odd", "ingestionDate": clock.now - 9, "portal": 5, "new": [1.5, None]},
                "contactRequest": {"email": 7, "nickname": {"a": "ü"}, "phoneNumbers": [None, {"number": "1"}]},
                "visit": True,
            }
        ]
    )

    def through_the_sdk(stream: LeadsStream) -> None:
        stream._writes_as_is = False
        stream.TYPE_CONFORMANCE_LEVEL = stream.TYPE_CONFORMANCE_LEVEL.RECURSIVE

    ours = run_tap(start_date="2026-11-01")
    sdks = run_tap(start_date="2026-11-01", before=through_the_sdk)
    by_id = {record["leadId"]: record for record in sdks.records}
    assert len(by_id) == 501
    assert {record["leadId"]: record for record in ours.records} == by_id
    assert {frozenset(message) for message in ours.messages} == {frozenset(message) for message in sdks.messages}


def test_writer_hands_on_whole_lines_before_every_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records are buffered until the end of their page or a STATE, no longer; each message is one line of JSON."""
    from singer_sdk.singerlib.encoding.simple import RecordMessage, StateMessage  # noqa: PLC0415  # only here

    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="utf-8"))
    writer = PageWriter()
    writer.write_message(RecordMessage("leads", {"leadId": "é"}))
    assert raw.getvalue() == b""
    writer.write_message(StateMessage({"bookmarks": {}}))
    assert [json.loads(line)["type"] for line in raw.getvalue().splitlines()] == ["RECORD", "STATE"]
    writer.write_message(RecordMessage("leads", {"leadId": "x"}))
    writer.flush()
    assert len(raw.getvalue().splitlines()) == 3


def test_signal_during_a_full_pipe_loses_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write to a slow loader that a signal interrupts continues where it stopped."""
    from singer_sdk.singerlib.encoding.simple import RecordMessage  # noqa: PLC0415  # only here

    reading, writing = os.pipe()
    unbuffered = io.TextIOWrapper(io.FileIO(writing, "w"), write_through=True)  # as with PYTHONUNBUFFERED
    monkeypatch.setattr(sys, "stdout", unbuffered)
    handled, received = threading.Event(), bytearray()
    before = signal.signal(signal.SIGUSR1, lambda *_: handled.set())

    def slow_loader() -> None:
        while select.select([], [writing], [], 0)[1]:  # until the pipe is full
            handled.wait(0.001)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        handled.wait(10)
        while piece := os.read(reading, 65_536):
            received.extend(piece)

    loader = threading.Thread(target=slow_loader)
    loader.start()
    try:
        writer = PageWriter()
        for number in range(3000):  # in pages of 90 kB, as leads are
            writer.write_message(RecordMessage("leads", {"leadId": str(number), "message": "x" * 850}))
            if number % 100 == 99:
                writer.flush()
        writer.flush()
        sys.stdout.close()
        loader.join(10)
    finally:
        signal.signal(signal.SIGUSR1, before)
        os.close(reading)
    assert handled.is_set()
    assert [json.loads(line)["record"]["leadId"] for line in received.splitlines()] == [str(n) for n in range(3000)]


def test_nothing_heavy_at_import() -> None:
    """The tap imports no server, test or database module, since a run every five minutes pays for each import."""
    heavy = {"aiohttp", "faker", "seeker_leads_sandbox", "pytest", "hypothesis", "dns"}
    code = "import sys, tap_seeker_leads.tap; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert heavy & set(loaded) == set()


def test_imported_objects_are_not_garbage_collected() -> None:
    """The command excludes imported objects from garbage collection, which took a fifth of a run with nothing new."""
    code = (
        "import gc, tap_seeker_leads.tap as tap\n"
        "tap.TapSeekerLeads.cli(['--version'], standalone_mode=False)\n"
        "print(gc.get_freeze_count())"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(shown.split()[-1]) > 10_000
