from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from unittest.mock import patch

import psutil
import pytest

from seeker_leads_webhooks.runner.child import NOT_STARTED, Child
from seeker_leads_webhooks.runner.runner import Runner
from seeker_leads_webhooks.runner.schedule import Schedule, Timing

if TYPE_CHECKING:
    from pathlib import Path

#: The option of `prctl` that makes a process the parent of its orphans, as the first process of a container is.
_SUBREAPER = 36


@dataclass
class Output:
    lines: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def line(self, text: str) -> None:
        self.lines.append(text)
        self.heard.set()

    def child(self, script: str, *, timeout_seconds: float = 60.0, grace_seconds: float = 60.0) -> Child:
        command = (sys.executable, "-c", script)
        return Child(command, os.environ, timeout_seconds, self.line, self.reports.append, grace_seconds)


def run(child: Child) -> int:
    return asyncio.run(child.run())


def test_output_is_passed_on_line_by_line() -> None:
    """It covers both streams, a last line without an end, invalid UTF-8, control characters and a line of 1 MiB."""
    output = Output()
    script = (
        "import sys; print('one', flush=True); print('two', file=sys.stderr, flush=True);"
        " sys.stdout.buffer.write(b'\\xff\\x1b[2J\\r\\n' + b'x' * (1 << 20) + b'\\nlast')"
    )
    assert run(output.child(script)) == 0
    assert output.lines[:3] == ["one", "two", "\ufffd [2J"]
    assert "".join(output.lines[3:-1]) == "x" * (1 << 20)
    assert output.lines[-1] == "last"


@pytest.mark.parametrize(("script", "status"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", -9)])
def test_status_is_the_commands(script: str, status: int) -> None:
    """Only the exit status says how the command ended, whatever it printed."""
    assert run(Output().child(script)) == status


def test_missing_command_is_a_failed_run() -> None:
    """The program may be missing during an upgrade, so the receiver continues."""
    output = Output()
    assert run(Child(("/no/such/program",), {}, 60, output.line, output.reports.append)) == NOT_STARTED
    assert "cannot be started" in output.reports[0]


def test_run_that_hangs_is_ended_in_order() -> None:
    """After the time-out, the run gets SIGTERM and may stop gracefully."""
    output = Output()
    script = (
        "import signal, sys, time; signal.signal(15, lambda *_: (print('in order', flush=True), sys.exit(3)));"
        " print('ready', flush=True); time.sleep(600)"
    )
    assert run(output.child(script, timeout_seconds=1.0)) == 3
    assert output.lines[-1] == "in order"
    assert "--run-timeout-seconds" in output.reports[0]


def test_run_that_ignores_the_end_is_killed_with_all_it_started(tmp_path: Path) -> None:
    """A run never hangs forever, and no process is left behind."""
    output = Output()
    script = (
        "import signal, subprocess, sys, time; signal.signal(15, signal.SIG_IGN);"
        f" child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        f" open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid)); time.sleep(600)"
    )
    assert run(output.child(script, timeout_seconds=1.0, grace_seconds=0.1)) == -signal.SIGKILL
    assert len(output.reports) == 2
    left = int((tmp_path / "pid").read_text())
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(left).wait(10)


def test_part_of_a_run_that_ignores_the_end_is_killed(tmp_path: Path) -> None:
    """The next run never overlaps with a part of one that hung, even if the command itself has ended."""
    output = Output()
    part = (
        "import os, signal, time; signal.signal(15, signal.SIG_IGN);"
        f" open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); print('ready', flush=True); time.sleep(600)"
    )
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {part!r}])"
    child = output.child(script, timeout_seconds=5.0, grace_seconds=0.5)
    assert run(child) == -signal.SIGTERM
    assert output.lines == ["ready"]
    assert len(output.reports) == 2
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int((tmp_path / "pid").read_text())).wait(10)


@pytest.mark.parametrize("obeys", [True, False])
def test_killed_run_is_over_only_when_all_of_it_has_ended(tmp_path: Path, *, obeys: bool) -> None:
    """If the command is killed, e.g. because memory is short, the next run does not overlap with what it started."""
    output = Output()
    part = (
        f"import os, signal, time; {'' if obeys else 'signal.signal(15, signal.SIG_IGN);'}"
        f" open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); print('ready', flush=True); time.sleep(600)"
    )
    script = (
        "import os, subprocess, sys;"
        f" part = subprocess.Popen([sys.executable, '-c', {part!r}], stdout=subprocess.PIPE);"
        " part.stdout.readline(); os.kill(os.getpid(), 9)"
    )
    assert run(output.child(script, grace_seconds=60.0 if obeys else 0.5)) == -signal.SIGKILL
    assert "processes that it started did not" in output.reports[0]
    assert len(output.reports) == (1 if obeys else 2)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int((tmp_path / "pid").read_text())).wait(10)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to another process than the first")
def test_first_process_of_a_container_does_not_wait_for_what_has_ended() -> None:
    """It gets the orphans of a killed command, and collects them; otherwise they would seem to be left."""
    output = Output()
    script = (
        "import os, subprocess, sys;"
        " part = subprocess.Popen([sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(600)'],"
        " stdout=subprocess.PIPE); part.stdout.readline(); os.kill(os.getpid(), 9)"
    )
    libc = ctypes.CDLL(None)
    assert libc.prctl(_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        assert run(output.child(script, grace_seconds=5.0)) == -signal.SIGKILL
    finally:
        libc.prctl(_SUBREAPER, 0, 0, 0, 0)
    assert len(output.reports) == 1


def test_run_of_another_user_is_waited_for() -> None:
    """A run by `sudo` cannot be ended, so no other run begins until it ends by itself; a line says why."""
    output = Output()
    refused = patch("seeker_leads_webhooks.runner.child.os.killpg", side_effect=PermissionError)
    with refused:
        child = output.child("import time; time.sleep(2); print('over')", timeout_seconds=0.5, grace_seconds=0.1)
        assert run(child) == 0
    assert output.lines == ["over"]
    assert "another user runs it" in output.reports[1]


def test_stop_waits_for_all_parts_of_a_run(tmp_path: Path) -> None:
    """A part of the run that still settles what is in progress is waited for, even if the command has ended."""
    output = Output()
    part = (
        "import pathlib, signal, sys, time\n"
        f"def end(*_):\n    time.sleep(1)\n    pathlib.Path({str(tmp_path / 'settled')!r}).touch()\n    sys.exit()\n"
        "signal.signal(15, end)\nprint('ready', flush=True)\ntime.sleep(600)"
    )

    async def stopped() -> int:
        child = output.child(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {part!r}])")
        running = asyncio.create_task(child.run())
        await asyncio.wait_for(output.heard.wait(), 30)
        child.stop()
        status = await running
        assert (tmp_path / "settled").exists()
        return status

    with patch("seeker_leads_webhooks.runner.child._LAST_OUTPUT_SECONDS", 0.0):
        assert asyncio.run(stopped()) == -signal.SIGTERM


def test_remaining_child_does_not_delay_the_end_of_a_run() -> None:
    """The runner does not wait for a daemon that keeps the pipe open."""
    script = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(8)']);"
        " print('over', flush=True)"
    )
    output = Output()
    assert run(output.child(script)) == 0
    assert output.lines == ["over"]


def test_stop_passes_to_the_run_and_waits_for_it() -> None:
    """The pipeline gets SIGTERM and stops gracefully; no other run begins."""
    output = Output()
    script = (
        "import signal, sys, time; signal.signal(15, lambda *_: (print('state kept', flush=True), sys.exit(143)));"
        " print('ready', flush=True); time.sleep(600)"
    )

    async def stopped() -> int:
        child = output.child(script)
        running = asyncio.create_task(child.run())
        await asyncio.wait_for(output.heard.wait(), 30)
        child.stop()
        status = await running
        assert await child.run() == -signal.SIGTERM
        return status

    assert asyncio.run(stopped()) == 143
    assert output.lines == ["ready", "state kept"]


class FakeTime:
    """A clock that the runner's waits advance."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        await asyncio.sleep(0)
        if not event.is_set():
            self.now += seconds


def test_signal_during_a_run_causes_exactly_one_more() -> None:
    """This holds for any number of signals at any time during the run."""
    time, began = FakeTime(), list[float]()

    async def play() -> None:
        async def pipeline() -> int:
            began.append(time.now)
            if len(began) == 1:
                for _ in range(5):
                    runner.signal()
                    time.now += 1
            if len(began) == 3:
                runner.stop()
            return 0

        schedule = Schedule(Timing(recheck_seconds=0), time)
        runner = Runner(schedule, pipeline, on_change=lambda _: None, wait=time.wait, now=time)
        await runner.work()

    asyncio.run(play())
    assert began == [0, 7, 307]


def test_failed_runs_are_repeated_until_one_succeeds_and_health_says_so() -> None:
    """A failed run is repeated without a signal; `/healthz` shows how often it failed and the last success."""
    time, seen = FakeTime(), list[dict[str, object]]()

    async def play() -> None:
        async def pipeline() -> int:
            seen.append(runner.health.as_json())
            if len(seen) == 4:
                runner.stop()
            return 1 if len(seen) < 4 else 0

        runner = Runner(Schedule(Timing(), time), pipeline, on_change=lambda _: None, wait=time.wait, now=time)
        await runner.work()
        seen.append(runner.health.as_json())

    asyncio.run(play())
    assert [each["failures_in_a_row"] for each in seen] == [0, 1, 2, 3, 0]
    assert [each["status"] for each in seen] == ["ok", "failing", "failing", "failing", "ok"]
    assert [each["last_run_began_at"] for each in seen[:4]] == [f"1970-01-01T00:00:{s:02}Z" for s in (0, 5, 15, 35)]
    assert [seen[0]["last_success_at"], seen[-1]["last_success_at"]] == [None, "1970-01-01T00:00:35Z"]
