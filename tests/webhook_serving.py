"""The receiver as a program, with a small pipeline that loads a sandbox's leads into a table, by primary key."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil
import requests

from tests.waiting import wait_until
from tests.webhook_calls import KEY

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox

#: Like Meltano, it refuses a second run, and leads are visible only after its transaction.
_PIPELINE = """
import fcntl, json, sqlite3, sys, time, urllib.error, urllib.request
api_url, folder = sys.argv[1:3]
lock = open(folder + "/lock", "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit("another run is in progress")
now, start, rows = int(time.time()), None, []
while True:
    url = f"{api_url}/leads?minDate={now - 86400}&maxDate={now + 60}" + (f"&start={start}" if start else "")
    headers = {"Authorization": "Bearer sandbox-token", "User-Agent": "stand-in/1"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            items, status = json.load(answer)["items"], answer.status
    except urllib.error.HTTPError:
        break
    rows += [(item["metadata"]["leadId"],) for item in items]
    if status != 206:
        break
    start = items[-1]["metadata"]["leadId"]
with sqlite3.connect(folder + "/leads.db") as database:
    database.execute("CREATE TABLE IF NOT EXISTS leads (id TEXT PRIMARY KEY)")
    database.executemany("INSERT INTO leads VALUES (?) ON CONFLICT DO NOTHING", rows)
print(len(rows), "leads")
"""
#: The receiver without the start of the command-line tool, which takes a second.
_QUICK = """
import logging, os, sys
from seeker_leads_webhooks.keys import WebhookKeys
from seeker_leads_webhooks.receiver.authentication import Auth
from seeker_leads_webhooks.runner.schedule import Timing
from seeker_leads_webhooks.serve import serve
from seeker_leads_webhooks.settings import ServeSettings, parse_command
logging.basicConfig(level=logging.DEBUG)
timing = Timing(0.0, 0.2, 0.2, float(sys.argv[3]))
serve(ServeSettings(WebhookKeys.from_environment(os.environ), Auth.parse("any"), parse_command(sys.argv[1]), timing,
    port=int(sys.argv[2])))
"""


def free_port() -> int:
    """Return a free port below those that the system gives out, so that no other test gets it between two starts."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


@dataclass
class Serving:
    """A receiver that can be started, killed and restarted on the same port."""

    folder: Path
    sandbox: Sandbox
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    prefix: tuple[str, ...] = ()  #: a program that starts the receiver, such as `nohup`

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")

    @property
    def pipeline(self) -> str:
        """The command of the pipeline."""
        (self.folder / "pipeline.py").write_text(_PIPELINE)
        return shlex.join([sys.executable, str(self.folder / "pipeline.py"), self.sandbox.api_url, str(self.folder)])

    def start(self, *options: str, command: str | None = None, **environment: str) -> None:
        """Start `seeker-leads webhooks serve`, with all output in the log."""
        run = self.pipeline if command is None else command
        arguments = ["--run", run, "--port", str(self.port), "--log-level", "debug", *options]
        self._start(["-m", "seeker_leads_cli", "webhooks", "serve", *arguments], environment)

    def fail(self, *options: str) -> str:
        """Start it with wrong options, check that it ends with 2, and return its output."""
        arguments = ["--run", "true", "--port", str(self.port), *options]
        ended = subprocess.run(
            [sys.executable, "-m", "seeker_leads_cli", "webhooks", "serve", *arguments],
            env={**os.environ, "SEEKER_LEADS_WEBHOOK_API_KEY": KEY},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 2, ended.stderr
        return ended.stderr

    def start_quickly(self, *, poll_seconds: float = 300.0) -> None:
        """Start the receiver without its command line."""
        self._start(["-c", _QUICK, self.pipeline, str(self.port), str(poll_seconds)], {})

    def _start(self, arguments: list[str], environment: dict[str, str]) -> None:
        with (self.folder / "log").open("ab") as log:
            process = self.process = subprocess.Popen(
                [*self.prefix, sys.executable, *arguments],
                stderr=log,
                stdout=log,
                env={**os.environ, "SEEKER_LEADS_WEBHOOK_API_KEY": KEY, **environment},
            )
        wait_until(lambda: process.poll() is not None or self.is_listening())
        assert process.poll() is None, self.log

    def is_listening(self) -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def health(self) -> dict[str, Any]:
        content: dict[str, Any] = requests.get(f"{self.url}healthz", timeout=10).json()
        return content

    def children(self) -> list[psutil.Process]:
        """The processes of the current run."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True) if self.process else []
        except psutil.NoSuchProcess:
            return []

    def kill(self, what: str, number: signal.Signals = signal.SIGKILL) -> bool:
        """Kill the `receiver`, its `run` or `both`, or end them by another signal; return whether any was running."""
        victims = self.children() if what != "receiver" else []
        if what != "run" and self.process and self.process.poll() is None:
            victims.append(psutil.Process(self.process.pid))
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.send_signal(number)
        if what != "run" and self.process:
            self.process.wait(60)
        return bool(victims)

    def end(self, number: signal.Signals = signal.SIGTERM, *, timeout_seconds: float = 60.0) -> int:
        """Send a signal, and return the exit status."""
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(timeout_seconds)

    def rows(self) -> set[str]:
        """The leads that arrived."""
        if not (self.folder / "leads.db").exists():
            return set()
        with closing(sqlite3.connect(self.folder / "leads.db")) as database:
            try:
                return {row[0] for row in database.execute("SELECT id FROM leads")}
            except sqlite3.OperationalError:
                return set()

    def wait_for_all(self, *, timeout_seconds: float = 30.0) -> None:
        """Wait until every lead of the sandbox is in the table."""
        expected = self.sandbox.store.ids()
        wait_until(lambda: self.rows() >= expected, timeout_seconds=timeout_seconds, log=self)
        assert self.rows() == expected


def subscribe(sandbox: Sandbox, url: str, key: str = KEY) -> str:
    """Subscribe a URL and return the subscription's id."""
    answer = requests.post(
        f"{sandbox.api_url}/webhook/subscriptions",
        data=json.dumps({"url": url, "apiKey": key, "status": "ACTIVE"}),
        headers={"Authorization": f"Bearer {sandbox.options.token}", "Content-Type": "application/json"},
        timeout=10,
    )
    return str(answer.json()["subscriptionId"])
