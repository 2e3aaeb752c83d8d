"""`seeker-leads webhooks serve` as a program, called by the sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.log_privacy import texts
from tests.waiting import wait_until
from tests.webhook_calls import KEY, PREVIOUS, call
from tests.webhook_serving import Serving, subscribe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUICKLY = ("--debounce-seconds", "0", "--recheck-seconds", "0.2")


@pytest.fixture
def sandbox_options(request: pytest.FixtureRequest) -> SandboxOptions:
    options: SandboxOptions = getattr(request, "param", SandboxOptions())
    return options


@pytest.fixture
def account(sandbox_options: SandboxOptions) -> Iterator[Sandbox]:
    """A sandbox with the real time."""
    with Sandbox.start(sandbox_options) as sandbox:
        yield sandbox


@pytest.fixture
def serving(account: Sandbox, tmp_path: Path) -> Iterator[Serving]:
    """The program, not started yet. Its output must contain neither keys nor personal data."""
    serving = Serving(tmp_path, account)
    yield serving
    serving.kill("both")
    output = serving.log if (tmp_path / "log").exists() else ""
    private = [KEY, PREVIOUS, *private_of(account)]
    assert [value for value in private if value in output] == []


def private_of(account: Sandbox) -> set[str]:
    leads = account.store.all()
    found = texts([[lead.get("contactRequest") for lead in leads], [lead.get("callDetails") for lead in leads]])
    return {text for text in found if len(text) >= 5 and not text.isupper()}


def test_lead_arrives_by_itself(serving: Serving, account: Sandbox) -> None:
    """Existing leads are loaded at the start, and a new lead after its call."""
    account.add_leads(3)
    serving.start(*QUICKLY)
    serving.wait_for_all()
    subscribe(account, serving.url)
    account.add_leads(1)
    serving.wait_for_all()
    assert serving.end() == 0


@pytest.mark.parametrize("sandbox_options", [SandboxOptions(webhook_loss=1)], indirect=True)
def test_leads_arrive_within_the_poll_when_all_calls_are_lost(serving: Serving, account: Sandbox) -> None:
    """A lost call costs only time."""
    serving.start("--poll-seconds", "0.5")
    subscribe(account, serving.url)
    for _ in range(3):
        account.add_leads(2)
        serving.wait_for_all(timeout_seconds=10)
    assert serving.health()["last_signal_at"] is None


@pytest.mark.parametrize("sandbox_options", [SandboxOptions(visible_after_seconds=1)], indirect=True)
def test_lead_that_is_visible_late_arrives_by_the_recheck(serving: Serving, account: Sandbox) -> None:
    """The run after the call finds nothing; the recheck finds the lead, long before the poll."""
    serving.start("--debounce-seconds", "0", "--recheck-seconds", "2.5")
    subscribe(account, serving.url)
    account.add_leads(1)
    wait_until(lambda: serving.log.count("The run ended with status 0") >= 2)
    serving.wait_for_all(timeout_seconds=10)


@pytest.mark.parametrize(
    "sandbox_options",
    [
        SandboxOptions(
            webhook_auth=auth, webhook_double=0.5, webhook_reorder=0.5, webhook_delay_ms=30, webhook_path="/any/path"
        )
        for auth in ("header:X-Api-Key", "bearer", "query", "signature")
    ],
    indirect=True,
)
def test_unreliable_calls_bring_each_lead_once(serving: Serving, account: Sandbox) -> None:
    """With the key in every place, each lead is one row."""
    serving.start(*QUICKLY)
    subscribe(account, serving.url)
    for _ in range(10):
        account.add_leads(2)
        assert call(serving.port, headers={"X-Api-Key": "forged"})[0] == 401
    serving.wait_for_all()


def test_call_is_answered_while_a_run_hangs(serving: Serving) -> None:
    """The vendor never waits for the loader; a run that hangs is ended when the receiver ends."""
    script = "import signal, time; print('hangs', flush=True); time.sleep(600)"
    serving.start(*QUICKLY, command=f'"{sys.executable}" -c "{script}"')
    wait_until(lambda: "hangs" in serving.log)
    for _ in range(20):
        assert call(serving.port, headers={"X-Api-Key": KEY})[0] == 200
    assert serving.health()["is_running"]
    assert serving.end() == 0


def test_wrong_key_starts_no_run(serving: Serving) -> None:
    """A forged call causes only an answer."""
    serving.start(*QUICKLY)
    wait_until(lambda: serving.health()["last_run_status"] == 0)
    for number in range(20):
        assert call(serving.port, headers={"X-Api-Key": f"forged-{number}"}) == (401, b"")
    assert serving.health()["last_signal_at"] is None
    assert serving.log.count("A run begins") == 1


def test_rotation_of_the_key_misses_no_call(serving: Serving, account: Sandbox) -> None:
    """The receiver accepts both keys before and after the subscription gets the new one."""
    serving.start(*QUICKLY, SEEKER_LEADS_WEBHOOK_PREVIOUS_API_KEY=PREVIOUS)
    made = subscribe(account, serving.url, PREVIOUS)
    account.add_leads(1)
    with ThreadPoolExecutor(2) as pool:
        leads = pool.submit(lambda: [account.add_leads(1) for _ in range(50)])
        subscription = account._backend.subscriptions.get(made)
        assert subscription
        account._backend.subscriptions.update(subscription, {"apiKey": KEY}, 0)
        leads.result()
    account.add_leads(1)
    serving.wait_for_all()
    wait_until(lambda: len(account._backend.subscriptions._events[made]) == 52)
    assert {event["statusCode"] for event in account._backend.subscriptions._events[made]} == {200}


def test_sigterm_passes_to_the_run_and_waits_for_it(serving: Serving) -> None:
    """The pipeline keeps its state; a second signal is not needed, and no other run begins."""
    script = (
        "import signal, sys, time; signal.signal(15, lambda *_: (time.sleep(0.3), print('kept', flush=True),"
        " sys.exit(143))); print('ready', flush=True); time.sleep(600)"
    )
    serving.start(*QUICKLY, command=f'"{sys.executable}" -c "{script}"')
    wait_until(lambda: "ready" in serving.log)
    call(serving.port, headers={"X-Api-Key": KEY})
    assert serving.end() == 0
    assert "| kept" in serving.log
    assert serving.log.count("A run begins") == 1


def test_receiver_outlives_its_terminal_under_nohup(serving: Serving) -> None:
    """A closed terminal does not end it if it was told to ignore that, so the next call is still served."""
    serving.prefix = ("nohup",)
    serving.start(*QUICKLY)
    wait_until(lambda: serving.log.count("The run ended with status 0") == 1)
    assert serving.process
    serving.process.send_signal(signal.SIGHUP)
    assert call(serving.port, headers={"X-Api-Key": KEY})[0] == 200
    wait_until(lambda: serving.log.count("The run ended with status 0") >= 2, log=serving)
    assert serving.end() == 0


def test_log_that_nobody_reads_stops_neither_answers_nor_runs(serving: Serving, tmp_path: Path) -> None:
    """The reader of the log may be frozen, as a terminal is after Ctrl-S, or slow; later it sees how much it missed."""
    log = tmp_path / "log"
    os.mkfifo(log)
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    try:
        script = "for _ in range(20_000): print('x' * 40)"
        serving.start(*QUICKLY, command=f'"{sys.executable}" -c "{script}"')
        first = serving.health()["last_run_began_at"]

        def has_run_again() -> bool:
            assert call(serving.port, headers={"X-Api-Key": KEY})[0] == 200
            return bool(serving.health()["last_run_began_at"] != first)

        wait_until(has_run_again)
        wait_until(lambda: serving.health()["last_run_status"] == 0)
        seen = b""
        while b"lines of the log are lost: nobody read it" not in seen:
            with contextlib.suppress(BlockingIOError):
                seen += os.read(reader, 1 << 16)
        assert serving.end() == 0
    finally:
        log.unlink()
        os.close(reader)


def test_run_gets_no_key(serving: Serving) -> None:
    """The run's plugins may log their environment."""
    serving.start(
        command=f"{sys.executable} -c \"import os; print('has', 'SEEKER_LEADS_WEBHOOK_API_KEY' in os.environ)\""
    )
    wait_until(lambda: "| has False" in serving.log)


def test_health_is_told_to_systems_without_http(serving: Serving, tmp_path: Path) -> None:
    """The file has the content of `/healthz`."""
    serving.start(*QUICKLY, "--health-file", str(tmp_path / "health.json"))
    wait_until(lambda: serving.health()["last_run_status"] == 0)
    wait_until(lambda: json.loads((tmp_path / "health.json").read_text()) == serving.health())


@pytest.mark.parametrize(
    ("host", "words"), [("", "every network"), (".", "not a name"), ("a.invalid", "cannot be used")]
)
def test_wrong_host_ends_at_once(serving: Serving, host: str, words: str) -> None:
    """An empty one, as from a variable that is not set, never opens the receiver to every network."""
    output = serving.fail("--host", host)
    assert "`--host`" in output
    assert words in output
    assert output.count("\n") == 1


@pytest.mark.parametrize("wrong", ["port", "health"])
def test_wrong_option_ends_at_once(serving: Serving, tmp_path: Path, wrong: str) -> None:
    """The command ends with status 2 and one line that names the option."""
    if wrong == "port":
        serving.start()  # which has the port
    options = () if wrong == "port" else ("--port", "0", "--health-file", str(tmp_path / "no" / "health.json"))
    output = serving.fail(*options)
    assert f"`--{'port' if wrong == 'port' else 'health-file'}`" in output
    assert "Traceback" not in output
