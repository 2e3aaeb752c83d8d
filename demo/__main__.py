"""`make demo`: leads from a local sandbox of the API into a PostgreSQL of its own, and leads of a CSV file back.

One of them comes by a webhook.

Everything it starts it stops, also on Ctrl-C and on failure; what it leaves stands in `.demo` (logs, the database's
files, ledger and rejects; all people in them are invented).
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import time

import psycopg

from demo import inbound, outbound, webhook
from demo.parts import FOLDER, environment, fail, post, postgres, sandbox, say, stop

LEADS, DAYS, NEW_LEADS = 5000, 90, 25


def main() -> None:
    """Run the demo."""
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700)
    started = time.monotonic()
    with contextlib.ExitStack() as running:
        api_url = running.enter_context(sandbox(LEADS, DAYS))
        admin_url = f"{api_url.removesuffix('/seeker-leads/v1')}/_sandbox"
        say(f"Sandbox of the Seeker Leads API: {LEADS:,} leads of the last {DAYS} days, at {api_url}")
        database_url = running.enter_context(postgres())
        say("PostgreSQL: started, empty")
        settings = environment(api_url, TARGET_POSTGRES_SQLALCHEMY_URL=database_url, **outbound.settings())
        with psycopg.connect(database_url, autocommit=True) as database:
            first = inbound.transfer(1, settings, database)
            post(f"{admin_url}/leads", {"count": NEW_LEADS})
            say(f"{NEW_LEADS} new leads arrive")
            second = inbound.transfer(2, settings, database)
            inbound.show(database, inbound.bookmark(settings))
            third = webhook.lead_by_itself(settings, admin_url, database)
        sent = outbound.send(settings, admin_url)
    came = f"{first:,} leads came in the first run, {second:,} in the second, {third} by itself"
    say(f"Done in {time.monotonic() - started:.0f} s: {came};")
    say(f"  {sent[0]} leads were sent, {sent[1]} more once they were mended, {sent[2]} when all was sent again")
    if (first, second, third, *sent) != (LEADS, NEW_LEADS, 1, 4, 5, 0):
        fail(f"but {LEADS:,}, {NEW_LEADS:,} and 1, then 4, 5 and 0 were expected")
    say("Logs of all runs: .demo/run-1.log to run-5.log. Your own account: see docs/start.md")


if __name__ == "__main__":
    main()
