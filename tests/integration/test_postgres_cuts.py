"""PostgreSQL that dies at any message: one clear error, nothing lost, nothing doubled, no wait without end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from seeker_leads_api.errors import FatalError
from seeker_leads_api.http.rate_limiter import Limit
from seeker_leads_api.http.shared_limit.limiter import SharedRateLimiter
from seeker_leads_api.postgres.location import PostgresLocation
from seeker_leads_cli.main import main
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Decision, Status
from tests.leads_table import NAME, SCHEMA, LeadsTable
from tests.ledger_tools import RETRY, claim, rows, settlement
from tests.postgres_cutter import PASSWORD, Cutter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg
    from click.testing import Result

#: More than any of these operations sends.
_MAX_MESSAGES = 80
#: Every fourth message is enough for each run of the tests; all of them were tried by hand.
_STEP = 4
_HOW = pytest.mark.parametrize("is_answer_lost", [False, True], ids=["before", "after"])


def cuts(database_url: str, *, is_answer_lost: bool, stays_down: bool = True) -> Iterator[Cutter]:
    """Yield a proxy for each message of an operation, until one is not reached."""
    for number in range(1 + 2 * is_answer_lost, _MAX_MESSAGES, _STEP):
        with Cutter(database_url, number, is_answer_lost, stays_down) as cutter:
            yield cutter
            if not cutter.has_cut:
                return
    pytest.fail("the operation never ended without a cut")


def is_one_line(ended: Result, *, after: int = 0) -> None:
    """Check the error; `after` is the number of lines before it."""
    assert ended.exit_code == 1, ended.output
    assert ended.stderr.count("\n") in (1, 1 + after), ended.stderr
    assert "defect" not in ended.stderr
    assert PASSWORD not in ended.output


def says_one_line(error: FatalError, words: str = "") -> None:
    assert words in str(error)
    assert PASSWORD not in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(("is_answer_lost", "stays_down"), [(False, True), (True, False), (True, True)])
def test_ledger(empty_postgres: str, is_answer_lost: bool, stays_down: bool) -> None:  # noqa: FBT001  # parameters
    """A lead goes out only after its claim is stored, and one that went out is stored, or reported as not stored."""
    for number, cutter in enumerate(cuts(empty_postgres, is_answer_lost=is_answer_lost, stays_down=stays_down)):
        key, is_sent, unrecorded = f"{number:064x}", False, 0
        try:
            ledger = Ledger.open(cutter.url, RETRY, sleep=lambda _: None)
            try:
                is_sent = ledger.claim(claim(key)) is Decision.SEND
                ledger.settle(settlement(key, Status.DELIVERED))
            finally:
                ledger.close()
                unrecorded = ledger.unrecorded_deliveries
        except FatalError as error:
            says_one_line(error)
        with Ledger.open(empty_postgres, RETRY) as later:
            expected = {Decision.SEND}
            if is_sent:
                expected = {Decision.SEND_AGAIN} if unrecorded else {Decision.SKIP_DELIVERED}
                if is_answer_lost:
                    expected |= {Decision.SKIP_DELIVERED}  # it is stored, but the run never knew
            elif is_answer_lost:
                expected |= {Decision.SEND_AGAIN}  # the claim is stored, but the run never knew
            assert later.claim(claim(key)) in expected
            later.settle(settlement(key, Status.DELIVERED))


@_HOW
def test_ledger_copy(empty_postgres: str, tmp_path: Path, is_answer_lost: bool) -> None:  # noqa: FBT001  # a parameter
    """All rows are copied or none, and the same command run again copies them."""
    source = f"sqlite:///{tmp_path / 'ledger.db'}"
    with Ledger.open(source, RETRY) as ledger:
        for number in range(3):
            ledger.claim(claim(f"{number:064x}"))
            ledger.settle(settlement(f"{number:064x}", Status.DELIVERED))
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"ledger_url": source}))

    def copied(url: str) -> Result:
        return CliRunner().invoke(main, ["ledger", "copy", url, "--config", str(config)])

    for cutter in cuts(empty_postgres, is_answer_lost=is_answer_lost):
        ended = copied(cutter.url)
        with Ledger.open(empty_postgres, RETRY):
            stored = rows(empty_postgres)
        if ended.exit_code:
            is_one_line(ended)
            assert len(stored) in ({0, 3} if is_answer_lost else {0})
        else:
            assert len(stored) == 3
        if stored:
            break
    assert copied(empty_postgres).exit_code == 0
    assert len(rows(empty_postgres)) == 3


@_HOW
def test_retention(
    empty_database: psycopg.Connection[Any],
    database_url: str,
    is_answer_lost: bool,  # noqa: FBT001  # a parameter
) -> None:
    """A run changes rows and evidence together or not at all, and the next one does what is left."""
    leads = LeadsTable(empty_database, database_url)
    leads.fill()
    for cutter in cuts(database_url, is_answer_lost=is_answer_lost):
        arguments = ["retention", "apply", "--database-url", cutter.url, "--table", f"{SCHEMA}.{leads.name}"]
        ended = CliRunner().invoke(main, arguments)
        is_done = "over" not in leads.rows
        assert NAME not in ended.output
        if ended.exit_code:
            is_one_line(ended, after=2)
            assert is_answer_lost or not is_done
            assert "nothing was changed" not in ended.stderr  # with a lost answer, nobody knows
        assert (NAME in str(leads.rows["gone"])) is not is_done
        assert bool(leads.has_log and leads.log) is is_done
        if is_done:
            break
    leads.apply()
    assert leads.log == {"over": "ttl", "gone": "erased"}


@_HOW
def test_shared_limit(database_url: str, is_answer_lost: bool) -> None:  # noqa: FBT001  # a parameter
    """No request starts without the limit, and a run that lost it is told so in one line."""
    for cutter in cuts(database_url, is_answer_lost=is_answer_lost):
        location = PostgresLocation.parse("rate_limit_url", cutter.url)
        limiter = SharedRateLimiter(location, "key", Limit(100, 0.01, 2), report=print)
        try:
            with limiter.attempt():
                pass
        except FatalError as error:
            says_one_line(error, "no request is made without it")
        finally:
            limiter.close()
        if cutter.messages > 8:
            break
