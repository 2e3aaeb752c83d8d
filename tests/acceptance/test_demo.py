"""`make demo`, without its setup."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import psutil
import psycopg
import pytest
import requests

from demo import report
from demo.facts import Facts, Reject, Sent, Table, Transfer
from tests.pages import PROJECT

DEMO = [sys.executable, "-m", "demo"]


def left_running() -> set[tuple[int, str]]:
    """Return what a demo may leave behind: programs of this project, and a PostgreSQL in its folder."""
    found = set()
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(PROJECT / ".demo") in line or "meltano run" in line or "seeker-leads-sandbox serve" in line:
            found.add((process.info["pid"], line))
    return found


@pytest.mark.alone
def test_demo_shows_both_directions_and_stays(tmp_path: Path) -> None:
    """The demo reads all leads, then the new ones, then one by webhook; it sends a file and its corrected rejects once.

    The report shows all results. With `--keep`, sandbox and database run for another file; Ctrl-C stops them.
    """
    before = left_running()
    with subprocess.Popen(
        [*DEMO, "--keep"], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        said = ""
        for line in process.stdout:
            said += line
            if "until Ctrl-C" in line:
                break
        assert "until Ctrl-C" in said, said + process.stderr.read()
        page_url, database_url = (
            re.findall(rf"» {name}: +(\S+)", said)[0] for name in ("The sandbox's page", "The database")
        )
        assert "5,035" in requests.get(page_url, timeout=5).text  # with the nine of the file
        with psycopg.connect(database_url) as database:
            assert database.execute("SELECT count(*) FROM seeker_leads_local.leads").fetchone() == (5026,)
        own = tmp_path / "own.csv"
        own.write_text((PROJECT / "examples" / "leads.csv").read_text("utf-8").replace("karim.", "sarah."), "utf-8")
        command = [
            str(Path(sys.executable).with_name("seeker-leads")),
            "send",
            str(own),
            "--config",
            ".demo/target.json",
        ]
        sent = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=PROJECT)
        assert "4 created" in sent.stderr
        process.send_signal(signal.SIGINT)
        said += process.stdout.read()
        assert process.wait(60) == 0
        assert process.stderr.read() == ""
    for text in (
        "5,000 new leads in the first run, 25 in the second, 1 through the webhook",
        "s later it is in PostgreSQL",
        "4 leads sent, 5 more after correction, 0 when the whole file was sent again",
        *("SLG-FRA", "CALL_TRACKING", "Bookmark", "row 1005  email must be a valid e-mail address", "Stopped"),
    ):
        assert text in said
    report = PROJECT / ".demo" / "report.html"
    html = report.read_text(encoding="utf-8")
    assert report.stat().st_mode & 0o777 == 0o600
    for text in ("5,000", "5,026", "must be two digits, then ten of", "lea.petit@example.com", "26ABCDEFGHJK"):
        assert text in html
    assert "<script" not in html
    assert "[0-9]" not in html
    assert left_running() <= before


def test_report_shows_values_as_texts() -> None:
    """Values from the database or a file are never markup, and the report loads nothing."""
    hostile = "<script>alert(1)</script>"
    today = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
    table = Table(
        portals=[("all portals", 3, 3, 0, 0, 0), (hostile, 3, 3, 0, 0, 0)],
        days={(today.date(), hostile): 3},
        newest=[(today, hostile, hostile, hostile, hostile)],
        bookmark=hostile,
    )
    rejects = [Reject("7", hostile, hostile, f"`{hostile}`", {"email": hostile})]
    html = report.page(Facts(Transfer(3, 1.0), Transfer(0, 1.0), Transfer(1, 1.0), table, Sent(1, 1, 0, rejects), 9.0))
    assert html.count("&lt;script&gt;") == 10
    assert "<script" not in html
    assert not re.search(r"\b(?:src|href|url)\b *[=(]", html)


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_demo_leaves_nothing_running(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM also stop the sandbox, PostgreSQL and Meltano."""
    before = left_running()
    with subprocess.Popen(DEMO, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if "meltano run" in line:
                break
        process.send_signal(number)
        rest = process.stdout.read()
        assert process.wait(30) == 128 + number
    assert "The demo was stopped" in rest
    assert "failed" not in rest
    assert left_running() <= before
