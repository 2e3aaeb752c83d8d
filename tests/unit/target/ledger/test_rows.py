"""What a row contains after a claim and its settlement, and the words that are stored in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from target_seeker_leads.ledger.rules import (
    NOBODY,
    Circumstances,
    Claim,
    Decision,
    OpenClaim,
    Row,
    Settlement,
    Status,
    UnknownOutcome,
    decide,
    row_after_claim,
    row_after_settlement,
)

RUN = "this run"
CLAIM = Claim("k", "b", "s", is_replay=False, will_send=True)
NOW = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
EARLIER = NOW - timedelta(days=1)


def row(status: Status, content: str = "b") -> Row:
    return Row(status, "s", content, "another run", fingerprint="of then", first_tried_at=EARLIER)


def settled(settlement: Settlement, before: Row | None = None) -> Row:
    """Return the row that a settlement makes of the one that the claim left."""
    left = row_after_claim(before, settlement.claim, Decision.SEND, RUN, NOW)
    made = row_after_settlement(left, OpenClaim(before, left), settlement, RUN)
    assert made is not None
    return made


def test_words_of_the_ledger_and_of_the_setting_never_change() -> None:
    """Ledgers on disk contain the statuses, and users' settings the policies."""
    assert {each.value for each in Status} == {"sending", "delivered", "rejected", "unknown", "failed", "refused"}
    assert {each.value for each in UnknownOutcome} == {"retry", "reject"}
    assert NOBODY == ""


@pytest.mark.parametrize(("of_row", "of_claim"), [("a", "b"), ("b", "a")])
@pytest.mark.parametrize(
    ("status", "decision"),
    [
        (Status.DELIVERED, Decision.SKIP_CHANGED),
        (Status.REJECTED, Decision.SEND),
        (Status.REFUSED, Decision.SEND),
    ],
)
def test_any_other_content_is_a_change(status: Status, decision: Decision, of_row: str, of_claim: str) -> None:
    """Contents are hashes: they are equal or not, and their order means nothing."""
    assert decide(row(status, of_row), replace(CLAIM, content=of_claim), Circumstances()) is decision


def test_lost_answer_is_resent_unless_something_speaks_against_it() -> None:
    """Only both together do: the limit of resends is reached, and other leads were accepted."""
    for circumstances in (Circumstances(), Circumstances(is_at_bound=True), Circumstances(others_accepted=True)):
        assert decide(row(Status.SENDING), CLAIM, circumstances) is Decision.SEND_AGAIN


@pytest.mark.parametrize(
    ("before_seconds", "decision"),
    [(59, Decision.SKIP_OWN), (60, Decision.SKIP_OWN), (61, Decision.SEND)],
)
def test_clocks_may_differ_by_a_minute(before_seconds: int, decision: Decision) -> None:
    """A lead that seems to be older than the one sent from here is ours if it is not more than a minute older."""
    asked = replace(CLAIM, came_at=NOW - timedelta(seconds=before_seconds), fingerprint="f")
    assert decide(None, asked, Circumstances(sent_before=NOW)) is decision


def test_record_is_looked_up_under_all_its_keys() -> None:
    """Its own key comes first, then those that earlier versions gave it."""
    assert CLAIM.keys == ("k",)
    assert replace(CLAIM, earlier_keys=("old", "older")).keys == ("k", "old", "older")


def test_claim_without_an_account_names_none() -> None:
    """The ledger stores no destination for it, as in format 1."""
    assert not CLAIM.destination


def test_lead_that_is_kept_as_unknown_stays_what_it_was() -> None:
    """What may exist is the lead of the earlier POST, so nothing of this record replaces it; only the run is new."""
    found = replace(row(Status.SENDING, "a"), request_id="r", resends=2)
    asked = replace(CLAIM, fingerprint="of today")
    assert row_after_claim(found, asked, Decision.KEEP_UNKNOWN, RUN, NOW) == replace(found, run_id=RUN)


@pytest.mark.parametrize("decision", [Decision.SEND, Decision.SEND_AGAIN, Decision.TRY_ONCE])
@pytest.mark.parametrize("found", [None, row(Status.SENDING, "a"), row(Status.REFUSED, "a")])
def test_claim_replaces_what_was_sent(decision: Decision, found: Row | None) -> None:
    """The row is about the record that is sent now, and only a second POST of the same lead is a resend."""
    left = row_after_claim(found, replace(CLAIM, fingerprint="of today"), decision, RUN, NOW)
    assert left is not None
    assert (left.status, left.content, left.run_id, left.fingerprint) == (Status.SENDING, "b", RUN, "of today")
    assert left.resends == (1 if decision is Decision.SEND_AGAIN else 0)


@pytest.mark.parametrize(
    ("found", "first_tried_at"),
    [
        (None, NOW),
        (row(Status.FAILED, "b"), EARLIER),
        (row(Status.FAILED, "a"), NOW),
        (row(Status.FAILED, "c"), NOW),
        (row(Status.SENDING, "a"), EARLIER),
        (row(Status.UNKNOWN, "c"), EARLIER),
        (replace(row(Status.SENDING), first_tried_at=None), NOW),
    ],
)
def test_first_try_is_that_of_the_same_lead(found: Row | None, first_tried_at: datetime) -> None:
    """Another content is another lead, unless what was sent may exist. Ledgers of format 1 have no first try."""
    left = row_after_claim(found, CLAIM, Decision.SEND, RUN, NOW)
    assert left is not None
    assert left.first_tried_at == first_tried_at


@pytest.mark.parametrize("status", Status)
def test_row_belongs_to_the_run_that_settled_it(status: Status) -> None:
    """What is given up, or not kept, belongs to nobody: the next run need not wait for it."""
    expected = NOBODY if status in {Status.SENDING, Status.FAILED} else RUN
    made = settled(Settlement(CLAIM, status, "r"))
    assert (made.status, made.run_id, made.request_id, made.resends) == (status, expected, "r", 0)


def test_resends_of_all_runs_are_counted() -> None:
    """Those of this claim are added to those before it, even if the row is gone since."""
    before = replace(row(Status.FAILED), resends=3)
    assert settled(Settlement(CLAIM, Status.SENDING, resends=2), before).resends == 5
    assert settled(Settlement(CLAIM, Status.SENDING), before).resends == 3
    gone = row_after_settlement(None, None, Settlement(CLAIM, Status.DELIVERED, "r", resends=2), RUN)
    assert gone == Row(Status.DELIVERED, "s", "b", RUN, "r", resends=2)


def test_settlement_keeps_first_try_and_text_of_the_row() -> None:
    """A claim without a fingerprint, as an earlier version's, does not make the ledger forget the lead's text."""
    left = replace(row(Status.SENDING), run_id=RUN)
    made = row_after_settlement(left, OpenClaim(None, left), Settlement(CLAIM, Status.DELIVERED), RUN)
    assert made is not None
    assert (made.fingerprint, made.first_tried_at) == ("of then", EARLIER)
    named = Settlement(replace(CLAIM, fingerprint="of today"), Status.DELIVERED)
    made = row_after_settlement(left, OpenClaim(None, left), named, RUN)
    assert made is not None
    assert made.fingerprint == "of today"


@pytest.mark.parametrize("before", [Status.SENDING, Status.UNKNOWN])
@pytest.mark.parametrize(
    ("status", "after"),
    [
        (Status.FAILED, None),
        (Status.REJECTED, Status.UNKNOWN),
        (Status.REFUSED, Status.UNKNOWN),
        (Status.UNKNOWN, Status.UNKNOWN),
        (Status.SENDING, Status.SENDING),
        (Status.DELIVERED, Status.DELIVERED),
    ],
)
def test_only_a_delivery_clears_an_unknown_outcome(before: Status, status: Status, after: Status | None) -> None:
    """If this POST created nothing, the one before may have: the row says so, or stays what it was."""
    found = row(before)
    made = settled(Settlement(CLAIM, status), found)
    assert made == found if after is None else made.status is after
