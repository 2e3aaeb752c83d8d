"""Programs that are stopped while they wait for the API end at once, not when the wait is over."""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tests.killed_runs import TAP, KilledRuns, days_ago
from tests.singer_input import SCHEMA, record, state
from tests.user_programs import TargetProgram

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEADS, DAYS, ANSWERED = 300, 60, 20
#: How long the API makes all programs wait, and how soon a stopped program must end.
WAIT_SECONDS, SOON_SECONDS = 200, 15
OPTIONS = SandboxOptions(
    leads=LEADS, days=DAYS, client_id="agency", client_secret="secret-of-the-client", enforce_limit=False
)
TOKEN_PATH = "/oauth/token"
#: A 429 for one request, so that the limiter holds the others; a 503 for each; and a 503 for the token.
WAITS = pytest.mark.parametrize(
    ("path", "status", "number"),
    [
        ("/leads", 429, signal.SIGTERM),
        ("/leads", 503, signal.SIGINT),
        (TOKEN_PATH, 503, signal.SIGTERM),
        (TOKEN_PATH, 429, signal.SIGINT),
    ],
)


def script(sandbox: Sandbox, path: str, status: int) -> None:
    """Answer some requests, then ask for a wait."""
    wait = Fault(FaultKind.STATUS, path=path, status=status, retry_after=WAIT_SECONDS)
    if path == TOKEN_PATH:
        sandbox.script(Fault(FaultKind.REVOKE_TOKEN, path="/leads", after=ANSWERED, times=1), replace(wait, after=1))
    else:
        sandbox.script(replace(wait, after=ANSWERED, times=1 if status == 429 else None))


def settings(sandbox: Sandbox) -> dict[str, Any]:
    credentials = {"client_id": "agency", "client_secret": "secret-of-the-client", "auth_url": sandbox.token_url}
    return {"auth_token": None, "rate_limit_requests": 1000, **credentials}


def until_asked_to_wait(sandbox: Sandbox, path: str, status: int) -> Callable[[object], None]:
    def wait(_: object) -> None:
        assert sandbox.statistics.wait_until(lambda: sandbox.statistics.count(path=path, status=status) >= 1)

    return wait


def end_of(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Return what a stopped program wrote; it must end soon."""
    try:
        return process.communicate(timeout=SOON_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


@WAITS
def test_stopped_tap_does_not_wait(tmp_path: Path, path: str, status: int, number: signal.Signals) -> None:
    """A signal ends the tap's waits at once, with the signal's status and a STATE that covers only what was read."""
    with Sandbox.start(OPTIONS) as sandbox:
        runs = KilledRuns(tmp_path)
        runs.configure(sandbox, start_date=days_ago(DAYS + 1), window_days=1, **settings(sandbox))
        script(sandbox, path, status)
        runs.run(until_asked_to_wait(sandbox, path, status), end_by=number, patience_seconds=SOON_SECONDS)
        assert runs.statuses == [128 + number]
        assert f"Stopped by {number.name}" in runs.log
        assert runs.reads.total() < LEADS
        sandbox.script()
        assert runs.run(), runs.log
        assert runs.lost(sandbox) == set()
    assert sandbox.statistics.token_requests <= 3, "of the threads that wait for a token, one asks"
    assert "Traceback" not in runs.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_check_does_not_wait(tmp_path: Path, number: signal.Signals) -> None:
    """A signal ends `--test` at once, even while each of many accounts waits for its next try."""
    runs = KilledRuns(tmp_path)
    with Sandbox.start(OPTIONS) as sandbox:
        runs.configure_accounts(sandbox, {f"Agency {n}": f"agency-{n}" for n in range(30)})
        sandbox.script(Fault(FaultKind.STATUS, path=TOKEN_PATH, status=503, retry_after=WAIT_SECONDS))
        command: list[str | Path] = [TAP, "--config", tmp_path / "config.json", "--test"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            # So many are asked for at the same time.
            assert sandbox.statistics.wait_until(lambda: sandbox.statistics.count(path=TOKEN_PATH, status=503) == 10)
            process.send_signal(number)
            _, log = end_of(process)
    assert process.returncode == 128 + number
    assert f"Stopped by {number.name}" in log


@WAITS
def test_stopped_target_does_not_wait(tmp_path: Path, path: str, status: int, number: signal.Signals) -> None:
    """The target, with or without input left, settles what was answered, and sends no more."""
    count = 60 if number is signal.SIGTERM else ANSWERED + 15
    lines = [SCHEMA, *(each for n in range(count) for each in (record(n), state(n)))]
    (tmp_path / "input.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    program = TargetProgram(tmp_path)
    with Sandbox.start(OPTIONS) as sandbox:
        program.configure(sandbox.api_url, **settings(sandbox))
        script(sandbox, path, status)
        with (tmp_path / "input.jsonl").open() as file, program.start(stdin=file) as process:
            until_asked_to_wait(sandbox, path, status)(process)
            process.send_signal(number)
            stdout, _ = end_of(process)
        assert process.returncode == 128 + number
        assert f"Stopped by {number.name}" in program.log
        emails = [lead["email"] for lead in sandbox.created]
        last = json.loads(stdout.splitlines()[-1]) if stdout else -1
        assert all(record(n)["record"]["email"] in emails for n in range(last + 1))
        assert len(emails) < count
        sandbox.script()
        again = program.run((tmp_path / "input.jsonl").read_text())
    assert again.status == 0, again.stderr
    assert again.stdout.splitlines()[-1] == str(count - 1)
    created = Counter(lead["email"] for lead in sandbox.created)
    assert (len(created), set(created.values())) == (count, {1})
    assert sandbox.statistics.token_requests <= 3, "of the threads that wait for a token, one asks"
    assert "Traceback" not in program.log
    assert "sent again" not in program.log
