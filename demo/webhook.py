"""Inbound by webhook: the sandbox calls the receiver for a new lead, and the receiver runs the pipeline."""

from __future__ import annotations

import contextlib
import re
import secrets
import subprocess
import time
from typing import TYPE_CHECKING

from demo import inbound
from demo.facts import Transfer
from demo.parts import BIN, FOLDER, PROJECT, child, fail, get, post, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

_LOG = FOLDER / "webhooks.log"
_LONGEST_WAIT_SECONDS = 60.0


def lead_by_itself(environment: dict[str, str], admin_url: str, database: psycopg.Connection) -> Transfer:
    """Add a lead and wait until it is in the table; return how many leads are new and how long it took."""
    environment = {**environment, "SEEKER_LEADS_WEBHOOK_API_KEY": secrets.token_hex(32)}
    with _receiver(environment) as url:
        command: list[str | Path] = [BIN / "seeker-leads", "webhooks", "ensure", url]
        say(f"$ seeker-leads webhooks ensure {url}")
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own
        _wait(lambda: get(f"{url}healthz")["last_run_status"] == 0)
        before = inbound.count(database)
        post(f"{admin_url}/leads", {"count": 1})
        came_at = time.monotonic()
        say("A lead arrives in the sandbox, which calls that URL. You need not run anything")
        _wait(lambda: inbound.count(database) > before)
        seconds = time.monotonic() - came_at
        say(f"  {seconds:.1f} s later it is in PostgreSQL")
        _wait(lambda: not get(f"{url}healthz")["is_running"])
        return Transfer(inbound.count(database) - before, seconds)


@contextlib.contextmanager
def _receiver(environment: dict[str, str]) -> Iterator[str]:
    pipeline = f"meltano run {' '.join(inbound.PIPELINE)}"
    options = ["--debounce-seconds", "1", "--recheck-seconds", "2", "--port", "0"]
    say(f"$ seeker-leads webhooks serve --run '{pipeline}'")
    command: list[str | Path] = [BIN / "seeker-leads", "webhooks", "serve", "--run", f"{BIN}/{pipeline}", *options]
    with (
        _LOG.open("w", encoding="utf-8") as log,
        child(command, env=environment, cwd=PROJECT, stdout=log, stderr=log) as process,
    ):
        _wait(lambda: "Listening on" in _LOG.read_text(encoding="utf-8") or process.poll() is not None)
        found = re.search(r"Listening on (\S+)", _LOG.read_text(encoding="utf-8"))
        if found is None:
            fail("the receiver did not start; see .demo/webhooks.log")
        yield f"{found[1]}/"


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + _LONGEST_WAIT_SECONDS
    while not condition():
        if time.monotonic() > until:
            fail("no run of the receiver read the lead; see .demo/webhooks.log")
        time.sleep(0.1)
