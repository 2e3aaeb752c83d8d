"""`make demo`: reads leads from a local sandbox into its own PostgreSQL, and sends the leads of a CSV file.

One of the leads arrives through a webhook. The demo ends with a report, `.demo/report.html`.

It stops everything that it starts, also after Ctrl-C or a failure; with `--keep`, sandbox and PostgreSQL run until
Ctrl-C. It leaves the folder `.demo`: report, logs, the database's files, ledger and rejects, all with invented people.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import threading
import time

import psycopg

from demo import inbound, outbound, report, webhook
from demo.facts import Facts
from demo.parts import FOLDER, PROJECT, TOKEN, environment, fail, post, postgres, sandbox, say, stop

LEADS, DAYS, NEW_LEADS = 5000, 90, 25
EXPECTED = (LEADS, NEW_LEADS, 1, 4, 5, 0)
CONFIG = FOLDER / "target.json"


def main() -> None:
    """Run the demo."""
    is_kept = "--keep" in sys.argv[1:]
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700)
    with contextlib.ExitStack() as running:
        api_url = running.enter_context(sandbox(LEADS, DAYS))
        page_url = api_url.removesuffix("seeker-leads/v1")
        say(f"Sandbox of the Seeker Leads API: {LEADS:,} leads of the last {DAYS} days, at {api_url}")
        say(f"  Its page shows live what happens: {page_url}")
        database_url = running.enter_context(postgres())
        say("PostgreSQL: started, empty")
        tell(show(api_url, f"{page_url}_sandbox", database_url))
        if is_kept:
            keep(page_url, api_url, database_url)


def show(api_url: str, admin_url: str, database_url: str) -> Facts:
    """Run the pipelines in both directions; return the results."""
    started = time.monotonic()
    settings = environment(api_url, TARGET_POSTGRES_SQLALCHEMY_URL=database_url, **outbound.settings())
    with psycopg.connect(database_url, autocommit=True) as database:
        first = inbound.transfer(1, settings, database)
        post(f"{admin_url}/leads", {"count": NEW_LEADS})
        say(f"{NEW_LEADS} new leads arrive in the sandbox")
        second = inbound.transfer(2, settings, database)
        by_itself = webhook.lead_by_itself(settings, admin_url, database)
        table = inbound.table(database, inbound.bookmark(settings))
        inbound.show(table)
    sent = outbound.send(settings, admin_url)
    return Facts(first, second, by_itself, table, sent, time.monotonic() - started)


def tell(facts: Facts) -> None:
    """Print the results and write the report."""
    came = f"{facts.first.new:,} new leads in the first run, {facts.second.new:,} in the second"
    say(f"Done in {facts.seconds:.0f} s: {came}, {facts.webhook.new} through the webhook;")
    sent = facts.sent
    first, corrected, again = sent.first, sent.corrected, sent.again
    say(f"  {first} leads sent, {corrected} more after correction, {again} when the whole file was sent again")
    if facts.counts != EXPECTED:
        fail(f"but {LEADS:,}, {NEW_LEADS:,} and 1, then 4, 5 and 0 were expected")
    report.write(facts)
    say(f"Open the report in your browser: {report.FILE.relative_to(PROJECT)}")
    say("Logs of all runs: .demo/run-1.log to run-5.log. To use your own account, see docs/start.md")


def keep(page_url: str, api_url: str, database_url: str) -> None:
    """Keep sandbox and database running, and print how to use them."""
    config = {"api_url": api_url, "auth_token": TOKEN, "ledger_url": f"sqlite:///{FOLDER / 'own-ledger.db'}"}
    config["rejects_path"] = str(FOLDER / "own-rejects.jsonl")
    CONFIG.touch(mode=0o600)
    CONFIG.write_text(json.dumps(config), encoding="utf-8")
    command = f".venv/bin/seeker-leads send YOUR.csv --config {CONFIG.relative_to(PROJECT)}"
    # From here on, a stop is the expected end: the demo waits for it and does not treat it as a failure.
    is_stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: is_stopped.set())
    print()
    say(f"The sandbox's page: {page_url}")
    say(f"The database:       {database_url}")
    say(f"Send your own file: {command}")
    say(f"  or preview it:    {command.replace(' send ', ' preview ')}")
    say("Both run until Ctrl-C")
    is_stopped.wait()
    say("Stopped sandbox and PostgreSQL; .demo is kept")


if __name__ == "__main__":
    main()
