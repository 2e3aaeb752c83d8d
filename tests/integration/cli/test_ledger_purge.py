"""`seeker-leads ledger purge`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from seeker_leads_cli.main import main
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Claim, Settlement, Status
from tests.ledger_commands import LedgerCommand, delivered
from tests.ledger_tools import RETRY, rows


def test_purge_deletes_only_old_delivered_rows(ledger_command: LedgerCommand, url: str) -> None:
    """A dry run counts them; newer rows, and rows with any other status, stay."""
    delivered(url, 7, 1300)
    delivered(url, 5, 100)
    for status in (Status.REJECTED, Status.UNKNOWN, Status.FAILED, Status.REFUSED):
        delivered(url, 1, 1300, status=status)
    before = rows(url)
    dry = json.loads(ledger_command("purge", "--older-than", "1200d", "--dry-run", "--json", ledger_url=url).stdout)
    assert (dry["rows"], dry["dry_run"], dry["may_be_sent_again"]) == (7, True, 0)
    assert rows(url) == before
    assert "Deleted 7 rows" in ledger_command("purge", "--older-than", "1200d", ledger_url=url).stdout
    assert rows(url) == [row for row in before if not (row[3] == "delivered" and "-1300-" in row[0])]
    assert "Deleted 0 rows" in ledger_command("purge", "--older-than", "1200d", ledger_url=url).stdout


def test_purge_of_what_may_come_again_needs_force(ledger_command: LedgerCommand, url: str) -> None:
    """An age below 1,100 days is refused, and the affected leads are listed before anything is deleted."""
    delivered(url, 7, 1300)
    delivered(url, 5, 100, "crm")
    refused = ledger_command("purge", "--older-than", "90d", ledger_url=url, status=2)
    assert "1100d" in refused.stderr
    assert "--force" in refused.stderr
    dry = ledger_command("purge", "--older-than", "90d", "--dry-run", ledger_url=url)
    assert "5 of `crm`. Without --dry-run, this requires --force" in dry.stderr
    assert "Would delete 12 rows" in dry.stdout
    assert len(rows(url)) == 12
    forced = ledger_command("purge", "--older-than", "90d", "--force", "--json", ledger_url=url)
    assert "May be sent again if their source delivers them again: 5 of `crm`" in forced.stderr
    assert json.loads(forced.stdout)["may_be_sent_again"] == 5
    assert rows(url) == []


def test_purge_goes_on_beside_a_run(ledger_command: LedgerCommand, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run at the same time settles its records as usual; more rows than one batch are deleted."""
    monkeypatch.setattr("seeker_leads_cli.ledger.row_deletion._BATCH_ROWS", 3)
    delivered(url, 10, 1300)
    with Ledger.open(url, RETRY) as ledger:
        claim = Claim("b" * 64, "a", "leads", is_replay=False, will_send=True)
        ledger.claim(claim)
        assert "Deleted 10 rows" in ledger_command("purge", "--older-than", "1200d", ledger_url=url).stdout
        ledger.settle(Settlement(claim, Status.DELIVERED))
    assert [row[3] for row in rows(url)] == ["delivered"]


@pytest.mark.parametrize("age", ["1200", "3y", "-5d"])
def test_age_that_is_none_deletes_nothing(sqlite_url: str, age: str) -> None:
    """The command ends with 2 and shows the format of an age."""
    delivered(sqlite_url, 1, 9000)
    ended = CliRunner().invoke(main, ["ledger", "purge", "--older-than", age])
    assert (ended.exit_code, "is not an age" in ended.stderr) == (2, True)
    assert len(rows(sqlite_url)) == 1
