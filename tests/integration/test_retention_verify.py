"""`seeker-leads retention apply --verify`: a row is deleted if the API itself answers 404 and can be trusted."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import pytest

from seeker_leads_api.postgres.location import PostgresLocation
from seeker_leads_api.stoppable_pool import StoppablePool
from seeker_leads_api.stopping import Stopping
from seeker_leads_cli.retention.apply import apply
from seeker_leads_cli.retention.columns import read_columns
from seeker_leads_cli.retention.database import connected, find_table
from seeker_leads_cli.retention.leads import Leads
from seeker_leads_cli.retention.presence import Presence
from seeker_leads_cli.retention.settings import ApplyOptions, Erased
from seeker_leads_cli.retention.verification import LeadLookup
from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tests.leads_table import NAME, LeadsTable
from tests.raw_server import raw_server
from tests.verified_account import Account, answer, problem
from tests.waiting import wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence
    from pathlib import Path

    import psycopg

    from tests.raw_server import RawServer

OVERDUE_DAYS = 62


@pytest.fixture
def account(empty_database: psycopg.Connection[Any], database_url: str, sandbox: Sandbox, tmp_path: Path) -> Account:
    """Add two hundred recently read leads that the API still has."""
    table = LeadsTable(empty_database, database_url)
    table.add(*sandbox.add_leads(200))
    return Account(table, sandbox, tmp_path)


def test_leads_that_the_api_has_no_more_are_deleted(account: Account) -> None:
    """Each row that was not read in two cycles is requested; rows of existing leads stay."""
    (there,) = account.sandbox.add_leads(1)
    account.table.add(there, "no-more", read_days_ago=OVERDUE_DAYS)
    account.table.add("younger", read_days_ago=60)
    result = account.apply()
    assert (result["asked"], result["deleted_gone"]) == (2, 1)
    rows = account.table.rows.keys()
    assert "no-more" not in rows
    assert {there, "younger"} <= rows
    assert account.table.log == {"no-more": "gone"}
    assert account.asked == 10 + 2 + 10


@pytest.mark.parametrize("erased", ["scrub", "delete"])
def test_lead_that_the_api_says_is_erased_is_erased(account: Account, erased: str) -> None:
    """A person whose lead the tap no longer reads may have had their data erased: the answer says so."""
    there, gone = account.sandbox.add_leads(2)
    account.table.add(there, gone, read_days_ago=OVERDUE_DAYS)
    account.sandbox.erase(lead_ids=[gone])
    before = account.table.rows
    assert account.apply("--erased", erased, "--dry-run")["newly_erased"] == 1
    assert account.table.rows == before
    result = account.apply("--erased", erased)
    assert [result[name] for name in ("asked", "deleted_gone", "newly_erased", "erased")] == [2, 0, 1, 1]
    rows = account.table.rows
    row = rows.pop(gone, {})
    assert NAME not in str(row)
    assert row.get("isErased") is (True if erased == "scrub" else None)
    assert rows == {lead_id: each for lead_id, each in before.items() if lead_id != gone}
    assert account.table.log == {gone: "erased"}
    account.table.add("restored", read_days_ago=OVERDUE_DAYS)
    assert account.table.apply("--erased", erased)["erased"] == 0


def test_many_leads_that_the_api_says_are_erased_need_a_yes(account: Account) -> None:
    """As for those that the tap read: a wrong account would look like many erasures."""
    gone = account.sandbox.add_leads(70)
    account.table.add(*gone, read_days_ago=OVERDUE_DAYS)
    account.sandbox.erase(lead_ids=gone)
    before = account.table.rows
    assert "70 of 270 rows are newly erased" in account.run(status=1).stderr
    assert account.table.rows == before


def test_server_without_any_contact_erases_nothing(account: Account) -> None:
    """If the leads that were read recently have no contact either, the answers prove nothing."""
    there = account.sandbox.add_leads(1)
    account.table.add(*there, read_days_ago=OVERDUE_DAYS)
    account.sandbox.erase(lead_ids=account.sandbox.store.ids())
    before = account.table.rows
    assert "prove nothing" in account.run("--yes", status=1).stderr
    assert account.table.rows == before


def test_without_it_they_are_only_reported(account: Account) -> None:
    """Without `--verify`, no request is made, and nothing is deleted."""
    account.table.add("no-more", read_days_ago=OVERDUE_DAYS)
    result = account.table.apply()
    assert (result["rows_not_read_in_two_cycles"], result["asked"]) == (1, None)
    assert "no-more" in account.table.rows
    assert account.asked == 0


def test_nothing_overdue_costs_no_request(account: Account) -> None:
    """Without overdue rows, no request is made."""
    assert account.apply()["asked"] == 0
    assert account.asked == 0


def test_recent_leads_are_requested_around_each_hundred(account: Account) -> None:
    """Before and after each 100 leads, ten recently read leads are requested."""
    account.table.add(*(f"no-more-{number}" for number in range(250)), read_days_ago=OVERDUE_DAYS)
    result = account.apply("--yes")
    assert (result["asked"], result["deleted_gone"]) == (250, 250)
    assert account.asked == 250 + 4 * 10
    assert len(account.table.rows) == 200


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(problem(), id="404 to everything"),
        pytest.param(answer({"metadata": {}, "links": {}, "items": []}), id="empty"),
        pytest.param(answer({"metadata": {"leadId": "another"}, "contactRequest": {}}), id="another lead"),
        pytest.param(answer([]), id="a list"),
        pytest.param(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"metad\xff', id="half a page"),
        pytest.param(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", id="another web server"),
    ],
)
def test_another_server_changes_nothing(account: Account, given: bytes) -> None:
    """Whatever a foreign server answers, there is one line and no change, not even to rows past their `ttl`."""
    account.table.add("no-more", read_days_ago=OVERDUE_DAYS)
    account.table.add("over", days_left=-1)
    account.table.add("gone", isErased=True)
    before = account.table.rows
    with raw_server(lambda server, connection: server.send(connection, given)) as server:
        account.configure(server.url)
        ended = account.run("--yes", status=1)
    assert len(ended.stderr.splitlines()) <= 3
    assert account.table.rows == before
    assert not account.table.has_log


def test_another_account_changes_nothing(account: Account) -> None:
    """Another account's API has other leads, and answers 404 to all of ours."""
    account.table.add("no-more", read_days_ago=OVERDUE_DAYS)
    account.table.add("over", days_left=-1)
    before = account.table.rows
    with Sandbox.start(SandboxOptions(leads=50, enforce_limit=False)) as other:
        account.configure(other.api_url)
        ended = account.run("--yes", status=1)
        assert 0 < other.statistics.requests <= 20
    assert "its 404s prove nothing: nothing was changed" in ended.stderr
    assert account.table.rows == before


def test_api_that_fails_during_verification_changes_nothing(account: Account) -> None:
    """Each 100 answers count only if the probes after them succeed."""
    account.table.add(*(f"no-more-{number}" for number in range(150)), read_days_ago=OVERDUE_DAYS)
    before = account.table.rows
    body = json.dumps({"type": "about:blank", "title": "Not Found", "status": 404})
    account.sandbox.script(Fault(FaultKind.STATUS, status=HTTPStatus.NOT_FOUND, body=body, after=125))
    ended = account.run("--yes", status=1)
    assert "prove nothing" in ended.stderr
    assert account.asked > 125
    assert account.table.rows == before


def test_many_deletions_need_a_yes(account: Account) -> None:
    """More than 5 % of the table needs a confirmation; exactly 5 % does not."""
    account.table.add(*(f"no-more-{number}" for number in range(11)), read_days_ago=OVERDUE_DAYS)
    before = account.table.rows
    ended = account.run(status=1)
    assert "11 of 211 rows are gone" in ended.stderr
    assert account.table.rows == before
    account.table.add(*account.sandbox.add_leads(9))
    assert account.apply()["deleted_gone"] == 11


def test_table_with_few_recent_leads_is_not_verified(account: Account) -> None:
    """Nine recent leads are too few to verify: everything else is done, the line says so, and the status is 1."""
    account.table.database.execute(
        'DELETE FROM retention.leads WHERE "leadId" NOT IN (SELECT "leadId" FROM retention.leads LIMIT 9)'
    )
    account.table.add("no-more", read_days_ago=OVERDUE_DAYS)
    account.table.add("over", days_left=-1)
    ended = account.run(status=1)
    assert "1 rows were left: --verify needs 10 leads that were read recently" in ended.stderr
    assert account.table.rows.keys() >= {"no-more"}
    assert "over" not in account.table.rows
    assert account.asked == 0


def test_dry_run_asks_and_deletes_nothing(account: Account) -> None:
    """A dry run requests the leads and counts the API's answers, but deletes nothing."""
    account.table.add("no-more", read_days_ago=OVERDUE_DAYS)
    assert account.apply("--dry-run")["deleted_gone"] == 1
    assert "no-more" in account.table.rows


def test_row_that_came_again_meanwhile_stays(account: Account) -> None:
    """A deleted lead that a backup restores is deleted again; one that the tap has read since then stays."""
    account.table.add("no-more", "back", read_days_ago=OVERDUE_DAYS)
    account.apply()
    account.table.add("no-more", read_days_ago=OVERDUE_DAYS)
    account.table.add("back", read_days_ago=-1)
    result = account.table.apply()
    assert result["deleted_again"] == 1
    assert "no-more" not in account.table.rows
    assert "back" in account.table.rows


def test_row_that_comes_while_the_api_is_asked_stays(account: Account) -> None:
    """A row that the loader writes during the requests is newer than the API's 404, and stays."""
    account.table.add("no-more", "comes", read_days_ago=OVERDUE_DAYS)
    database = account.table.database

    class Lookup(LeadLookup):
        def look_up(self, lead_ids: Sequence[str]) -> list[Presence]:
            database.execute("UPDATE retention.leads SET _sdc_extracted_at = now() WHERE \"leadId\" = 'comes'")
            return [Presence.GONE if lead_id in {"no-more", "comes"} else Presence.PRESENT for lead_id in lead_ids]

    with (
        connected(PostgresLocation.parse("database_url", account.table.url)) as connection,
        StoppablePool(1, Stopping()) as pool,
    ):
        schema, name, columns = find_table(connection, "retention.leads")
        leads = Leads(schema, name, read_columns(name, columns), 30, Erased.SCRUB)
        applied = apply(
            connection, leads, ApplyOptions(is_dry_run=False, is_confirmed=False), Lookup(cast("Any", None), pool)
        )
    assert applied.deleted_gone == 1
    assert "comes" in account.table.rows
    assert account.table.log == {"no-more": "gone"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("ALTER TABLE retention.leads ADD account text", "holds several accounts"),
        ("ALTER TABLE retention.leads DROP _sdc_extracted_at", "_sdc_extracted_at"),
    ],
)
def test_table_that_cannot_be_verified_is_named(account: Account, change: str, words: str) -> None:
    """The table is checked before any request, and the status is 2."""
    account.table.database.execute(change)
    assert words in account.run(status=2).stderr
    assert account.asked == 0


def test_id_of_any_form_is_asked_for(account: Account) -> None:
    """Any id is encoded as one part of the path."""
    odd = "a/b?c#%2F é"
    account.table.add(odd, read_days_ago=OVERDUE_DAYS)
    assert account.apply()["deleted_gone"] == 1
    assert account.table.log == {odd: "gone"}


def test_lead_in_a_list_of_one_is_a_lead(account: Account) -> None:
    """A single lead may be a list with one item; the API's documentation leaves this open."""
    account.table.add("there", read_days_ago=OVERDUE_DAYS)

    def give(server: RawServer, connection: socket.socket) -> None:
        lead_id = re.search(rb"/leads/(\S+)", server.requests[-1])
        assert lead_id
        server.send(connection, answer({"items": [{"metadata": {"leadId": lead_id[1].decode()}}]}))

    with raw_server(give) as server:
        account.configure(server.url, max_concurrent_requests=1)
        result = account.apply()
    assert (result["asked"], result["deleted_gone"]) == (1, 0)


@pytest.mark.usefixtures("default_signals")
def test_stop_ends_the_waits_of_all_requests(account: Account) -> None:
    """Ctrl-C ends the command at once, even if the API asked every request to wait for minutes."""
    account.table.add("no-more", read_days_ago=OVERDUE_DAYS)
    account.configure(account.sandbox.api_url, max_retries=5)
    account.sandbox.script(Fault(FaultKind.STATUS, status=503, retry_after=60))

    def interrupt() -> None:
        wait_until(lambda: account.asked >= 2)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)  # to this thread: that does not wake the main one

    began = time.monotonic()
    threading.Thread(target=interrupt, daemon=True).start()
    account.run(status=128 + signal.SIGINT)
    assert time.monotonic() - began < 30
    assert "no-more" in account.table.rows
