from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.preview.repeats import RowOutcome, repeats
from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.dry_run import DryRun
from target_seeker_leads.delivery.incoming import Incoming, Source
from target_seeker_leads.delivery.prepared_record import PreparedRecord
from target_seeker_leads.delivery.report import Report, Result
from target_seeker_leads.ledger.rules import Claim, Decision
from target_seeker_leads.settings import DedupeBy

#: The results of a dry run in the words of a preview.
OUTCOMES = {
    Result.CREATED: RowOutcome.SENDABLE,
    Result.REJECTED: RowOutcome.REJECTED,
    Result.DELIVERED_BEFORE: RowOutcome.DUPLICATE,
    Result.REJECTED_BEFORE: RowOutcome.DUPLICATE,
}


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12))
def test_rows_that_come_twice_are_what_a_dry_run_says(rows: list[tuple[int, bool]]) -> None:
    """Whatever rows are repeated in whatever order, the preview counts them like a dry run with an empty ledger."""
    ledger: Any = SimpleNamespace(peek=lambda _: Decision.SEND)
    settings: Any = SimpleNamespace(dedupe_by=DedupeBy.KEY)
    report = Report(50)
    dry_run = DryRun(settings, ledger, report)
    counted = dict.fromkeys(RowOutcome, 0)
    with repeats() as seen:
        for number, is_sendable in rows:
            key = f"{number:064x}"
            counted[seen.add(key, is_sendable=is_sendable)] += 1
            incoming = Incoming("leads", (), {}, Source("leads", (), {}, is_replay=False))
            claim = Claim(key, content="", stream="leads", is_replay=False, will_send=is_sendable)
            dry_run.run(
                PreparedRecord(incoming, claim, {}, () if is_sendable else (Reason("email", "is required", ""),))
            )
    expected = dict.fromkeys(RowOutcome, 0)
    for result, count in report._results.items():
        expected[OUTCOMES[result]] += count
    assert counted == expected


def test_full_disk_is_named() -> None:
    """A temporary file that cannot grow ends the preview with one line that says what to do."""

    def fill() -> None:
        with repeats() as seen:
            seen._database.execute("PRAGMA max_page_count = 2")  # as if the disk were full
            for number in range(1000):
                seen.add(f"{number:064x}", is_sendable=True)

    with pytest.raises(InputFileError, match="set TMPDIR"):
        fill()
