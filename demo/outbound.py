"""Outbound: leads of a CSV file into the API; rejected rows are kept, corrected and sent again."""

from __future__ import annotations

import json
import re
from typing import Any

from demo.facts import Reject, Sent
from demo.parts import FOLDER, PROJECT, fail, get, meltano, say

PIPELINE = ("tap-spreadsheets", "target-seeker-leads")
REJECTS = FOLDER / "rejects.jsonl"
CORRECTED = FOLDER / "corrected.jsonl"

#: A user's corrections of the rejected rows, by their id.
CORRECTIONS: dict[str, dict[str, str]] = {
    "1004": {"last_name": "Lefèvre"},
    "1005": {"email": "lea.petit@example.com"},
    "1006": {"phone": "06 12 34 56 84"},
    "1007": {"message": "Bonjour, merci de me rappeler."},
    "1008": {"classified_id": "26ABCDEFGHJK", "created_at": "2026-11-20T14:00:00Z"},
}


def settings() -> dict[str, str]:
    """Return where the target stores its ledger and rejects in the demo."""
    return {
        "TARGET_SEEKER_LEADS_LEDGER_URL": f"sqlite:///{FOLDER / 'ledger.db'}",
        "TARGET_SEEKER_LEADS_REJECTS_PATH": str(REJECTS),
    }


def send(environment: dict[str, str], admin_url: str) -> Sent:
    """Send the file, its corrected rejects, and the whole file again; return how many leads each run created."""
    say("The other direction: examples/leads.csv, with errors in five of its nine rows")
    first = _created(admin_url, environment, "run-3.log", "run", *PIPELINE)
    letters = [json.loads(line) for line in REJECTS.read_text(encoding="utf-8").splitlines()]
    rejects = [_reject(letter["record"]["id"], reason) for letter in letters for reason in letter["reasons"]]
    rejects.sort(key=lambda reject: reject.row)
    print()
    for reject in rejects:
        print(f"  row {reject.row}  {reject.field} {reject.rule}\n            {reject.cure}")
    print()
    say(f"Each rejected row is corrected, as a user would do it: {CORRECTED.relative_to(PROJECT)}")
    CORRECTED.write_text("".join(f"{json.dumps(_corrected(letter))}\n" for letter in letters), encoding="utf-8")
    CORRECTED.chmod(0o600)
    second = _created(
        admin_url,
        environment,
        "run-4.log",
        "invoke",
        "target-seeker-leads",
        "--input",
        str(CORRECTED.relative_to(PROJECT)),
    )
    say("The whole file again, as if nothing had been sent: the ledger prevents duplicates")
    third = _created(admin_url, environment, "run-5.log", "run", "--full-refresh", *PIPELINE)
    return Sent(first, second, third, rejects)


def _reject(row: str, reason: dict[str, Any]) -> Reject:
    return Reject(row, reason["field"], reason["rule"], reason["cure"], CORRECTIONS[row])


def _corrected(letter: dict[str, Any]) -> dict[str, Any]:
    return {**letter, "record": {**letter["record"], **CORRECTIONS[letter["record"]["id"]]}}


def _created(admin_url: str, environment: dict[str, str], log_name: str, *arguments: str) -> int:
    before = len(get(f"{admin_url}/created")["items"])
    said, _ = meltano(environment, log_name, *arguments)
    summary = re.search(r"\d+ created, .*? in [\d.]+ s", said)
    if summary is None:
        fail(f"the target printed no summary; see .demo/{log_name}")
    say(f"  {summary.group()}")
    return len(get(f"{admin_url}/created")["items"]) - before
