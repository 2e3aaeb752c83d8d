"""The way out: leads of a CSV file into the API; what cannot be sent is kept, mended, and sent then."""

from __future__ import annotations

import json
import re
from typing import Any

from demo.facts import Reject, Sent
from demo.parts import FOLDER, PROJECT, fail, get, meltano, say

PIPELINE = ("tap-spreadsheets", "target-seeker-leads")
REJECTS = FOLDER / "rejects.jsonl"
MENDED = FOLDER / "mended.jsonl"

#: What a person would write into the rows that were rejected, by their id.
MENDS: dict[str, dict[str, str]] = {
    "1004": {"last_name": "Lefèvre"},
    "1005": {"email": "lea.petit@example.com"},
    "1006": {"phone": "06 12 34 56 84"},
    "1007": {"message": "Bonjour, merci de me rappeler."},
    "1008": {"classified_id": "26ABCDEFGHJK", "created_at": "2026-11-20T14:00:00Z"},
}


def settings() -> dict[str, str]:
    """Return where the target keeps its ledger and rejects in the demo."""
    return {
        "TARGET_SEEKER_LEADS_LEDGER_URL": f"sqlite:///{FOLDER / 'ledger.db'}",
        "TARGET_SEEKER_LEADS_REJECTS_PATH": str(REJECTS),
    }


def send(environment: dict[str, str], admin_url: str) -> Sent:
    """Send the file, then its mended rejects, then all of it again; return how many leads each of them created."""
    say("The other way: examples/leads.csv, five of its nine rows with a fault")
    first = _created(admin_url, environment, "run-3.log", "run", *PIPELINE)
    letters = [json.loads(line) for line in REJECTS.read_text(encoding="utf-8").splitlines()]
    rejects = [_reject(letter["record"]["id"], reason) for letter in letters for reason in letter["reasons"]]
    rejects.sort(key=lambda reject: reject.row)
    print()
    for reject in rejects:
        print(f"  row {reject.row}  {reject.field} {reject.rule}\n            {reject.cure}")
    print()
    say(f"Each rejected row is mended, as a person would do it: {MENDED.relative_to(PROJECT)}")
    MENDED.write_text("".join(f"{json.dumps(_mended(letter))}\n" for letter in letters), encoding="utf-8")
    MENDED.chmod(0o600)
    second = _created(
        admin_url,
        environment,
        "run-4.log",
        "invoke",
        "target-seeker-leads",
        "--input",
        str(MENDED.relative_to(PROJECT)),
    )
    say("The whole file once more, as if nothing had been sent: the ledger knows better")
    third = _created(admin_url, environment, "run-5.log", "run", "--full-refresh", *PIPELINE)
    return Sent(first, second, third, rejects)


def _reject(row: str, reason: dict[str, Any]) -> Reject:
    return Reject(row, reason["field"], reason["rule"], reason["cure"], MENDS[row])


def _mended(letter: dict[str, Any]) -> dict[str, Any]:
    return {**letter, "record": {**letter["record"], **MENDS[letter["record"]["id"]]}}


def _created(admin_url: str, environment: dict[str, str], log_name: str, *arguments: str) -> int:
    before = len(get(f"{admin_url}/created")["items"])
    said, _ = meltano(environment, log_name, *arguments)
    summary = re.search(r"\d+ created, .*? in [\d.]+ s", said)
    if summary is None:
        fail(f"the target did not say what it did; see .demo/{log_name}")
    say(f"  {summary.group()}")
    return len(get(f"{admin_url}/created")["items"]) - before
