"""The programs that the demo runs, and its output."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from demo.postgres import start_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / ".demo"
TOKEN = "sandbox-token"  # noqa: S105  # the sandbox's, which opens nothing
BIN = Path(sys.executable).parent


@contextlib.contextmanager
def child(command: list[str | Path], **options: Any) -> Iterator[subprocess.Popen[str]]:  # noqa: ANN401  # Popen's
    """Run a command; at the end of the block, stop it and all processes that it started."""
    # In its own session, Ctrl-C reaches only this script, which then stops everything gracefully.
    process: subprocess.Popen[str] | None = None
    try:
        with stop_later():
            process = subprocess.Popen(command, text=True, start_new_session=True, **options)  # noqa: S603  # our own
        yield process
    finally:
        if process is not None:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)


@contextlib.contextmanager
def stop_later() -> Iterator[None]:
    """Delay a stop until the end of the block: a process that is just being started could not be stopped yet."""
    came: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if came:
        stop(came[0])


@contextlib.contextmanager
def sandbox(leads: int, days: int) -> Iterator[str]:
    """Run the sandbox on a free port; yield the API's URL."""
    command: list[str | Path] = [
        BIN / "seeker-leads-sandbox",
        "serve",
        "--port",
        "0",
        "--leads",
        str(leads),
        "--days",
        str(days),
    ]
    with (
        (FOLDER / "sandbox.log").open("w", encoding="utf-8") as log,
        child(command, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        line = process.stdout.readline() if process.stdout else ""
        if "http://" not in line:
            fail("the sandbox did not start; see .demo/sandbox.log")
        yield line[line.index("http://") :].split()[0]


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Run a temporary PostgreSQL; yield its URL."""
    server = start_postgres(FOLDER / "postgres")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def environment(api_url: str, **more: str) -> dict[str, str]:
    """Return Meltano's environment, without any settings of a real account from the shell or `.env`."""
    ours = ("TAP_SEEKER_LEADS_", "TARGET_SEEKER_LEADS_")
    # Empty values are set too: without them, the values of `.env` would apply.
    settings = {"API_URL": api_url, "AUTH_TOKEN": TOKEN, "CLIENT_ID": "", "CLIENT_SECRET": ""}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        **{f"{prefix}{name}": value for prefix in ours for name, value in settings.items()},
        "MELTANO_ENVIRONMENT": "local",
        "MELTANO_PROJECT_ROOT": str(PROJECT),
        "MELTANO_DATABASE_URI": f"sqlite:///{FOLDER / 'meltano.db'}",
        **more,
    }


def meltano(environment: dict[str, str], log_name: str, *arguments: str) -> tuple[str, float]:
    """Run Meltano as a user would; return its output and how many seconds it took."""
    say(f"$ meltano {' '.join(arguments)}")
    log = FOLDER / log_name
    started = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        command: list[str | Path] = [BIN / "meltano", *arguments]
        with child(command, env=environment, cwd=PROJECT, stdout=file, stderr=subprocess.STDOUT) as process:
            status = process.wait()
    said = log.read_text(encoding="utf-8")
    if status != 0:
        print("".join(said.splitlines(keepends=True)[-15:]), file=sys.stderr)
        fail(f"meltano ended with status {status}; see the whole log in {log.relative_to(PROJECT)}")
    return said, time.monotonic() - started


def get(url: str) -> Any:  # noqa: ANN401  # any JSON
    """GET from the sandbox's own endpoints."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # the sandbox, on this machine
        return json.load(answer)


def post(url: str, body: dict[str, Any]) -> None:
    """POST to the sandbox's own endpoints."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310  # the sandbox, on this machine


def say(text: str) -> None:
    """Print a line for the user."""
    print(f"» {text}", flush=True)


def fail(text: str) -> NoReturn:
    """End with an error; the programs that run are stopped on the way out."""
    print(f"» The demo failed: {text}", file=sys.stderr)
    raise SystemExit(1)


def stop(number: int, *_: object) -> NoReturn:
    """End on a signal; ignore further signals, so that they do not interrupt the clean-up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("\n» The demo was stopped", file=sys.stderr)
    raise SystemExit(128 + number)
