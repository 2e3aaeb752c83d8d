"""Measures retention over a table of 1,000,000 leads in PostgreSQL: `python -m benchmarks.retention`.

One row in twenty is past its `ttl`, one in twenty of the others is erased. It prints seconds and peak memory.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

import psutil
import psycopg

from tests.embedded_postgres import embedded_postgres

TABLE = "retention_bench.leads"
_FILL = """
INSERT INTO retention_bench.leads
SELECT gen_random_uuid()::text, now() - interval '1 second' * i * 94, 'SLG-FRA',
    now() + interval '94 second' * (i - %(rows)s / 20),
    jsonb_build_object('firstName', 'F' || i, 'lastName', 'Last' || i, 'email', 'p' || i || '@example.com',
        'message', repeat('Bonjour, est-il libre ? ', 6),
        'phoneNumbers', jsonb_build_array(jsonb_build_object('type', 'MOBILE', 'number', '+33 6 39 98 ' || i))),
    CASE WHEN i %% 10 = 0 THEN jsonb_build_object('seekerPhoneNumber', '+33 6 39 98', 'duration', 12) END,
    NULL, i %% 20 = 0, now() - interval '1 day' * (i %% 30)
FROM generate_series(1, %(rows)s) i
"""


def fill(url: str, rows: int) -> None:
    """Create and fill the table."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CREATE SCHEMA retention_bench")
        database.execute(
            """CREATE TABLE retention_bench.leads ("leadId" text PRIMARY KEY, "ingestionDate" timestamp, portal text,
               ttl timestamp, "contactRequest" jsonb, "callDetails" jsonb, extra jsonb, "isErased" boolean,
               _sdc_extracted_at timestamp)"""
        )
        database.execute(_FILL, {"rows": rows})


def measured(url: str, *arguments: str) -> str:
    """Run a command of `retention`; return its cost."""
    command = [sys.executable, "-m", "seeker_leads_cli", "retention", *arguments, "--table", TABLE]
    begun, peak_bytes = time.monotonic(), 0
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "SEEKER_LEADS_DATABASE_URL": url},
    ) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                peak_bytes = max(peak_bytes, watched.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.02)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} ended with {process.returncode}")
    return f"{' '.join(arguments)}: {time.monotonic() - begun:.1f} s, {peak_bytes / (1 << 20):.0f} MiB"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with embedded_postgres() as url:
        fill(url, rows)
        print(f"{rows:,} rows")
        for arguments in (["apply", "--dry-run"], ["apply"], ["apply"], ["report"]):
            print(measured(url, *arguments))


if __name__ == "__main__":
    main()
