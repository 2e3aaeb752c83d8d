from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_seeker_leads.ledger.rules import (
    HOLDING,
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
CONTENTS = st.sampled_from(["a", "b"])
RUN_IDS = st.sampled_from([RUN, "another run", NOBODY])
ROWS = st.builds(
    Row, st.sampled_from(Status), st.just("s"), CONTENTS, RUN_IDS, resends=st.integers(min_value=0, max_value=3)
)
CLAIMS = st.builds(
    Claim, key=st.just("k"), content=CONTENTS, stream=st.just("s"), is_replay=st.booleans(), will_send=st.booleans()
)
POLICIES = st.sampled_from(UnknownOutcome)
SENDS = {Decision.SEND, Decision.SEND_AGAIN}


def row(status: Status) -> Row:
    return Row(status, "s", "a", "another run")


def claim(content: str = "a", *, is_replay: bool = False, will_send: bool = True) -> Claim:
    return Claim("k", content, "s", is_replay=is_replay, will_send=will_send)


def settlement(status: Status | None, content: str = "a") -> Settlement:
    return Settlement(claim(content), status, "r")


@pytest.mark.parametrize(
    ("status", "decision"),
    [
        (Status.DELIVERED, Decision.SKIP_DELIVERED),
        (Status.REJECTED, Decision.SEND),
        (Status.REFUSED, Decision.SEND),
        (Status.UNKNOWN, Decision.SKIP_UNKNOWN),
        (None, Decision.SEND),
    ],
)
def test_replay_that_excludes_unknown_leads(status: Status | None, decision: Decision) -> None:
    """It is sent like any replay, unless its lead may exist: that needs the user's consent for this letter."""
    replay = dataclasses.replace(claim(is_replay=True), excludes_unknown=True)
    assert decide(row(status) if status else None, replay, Circumstances()) is decision


def test_replay_that_excludes_unknown_leads_keeps_the_limit() -> None:
    """At the limit of resends it is kept as unknown, like a record of the source."""
    enough = Circumstances(is_at_bound=True, others_accepted=True)
    replay = claim(is_replay=True)
    assert decide(row(Status.SENDING), replay, enough) is Decision.SEND_AGAIN
    sparing = dataclasses.replace(replay, excludes_unknown=True)
    assert decide(row(Status.SENDING), sparing, enough) is Decision.KEEP_UNKNOWN


@pytest.mark.parametrize(
    ("status", "content", "is_replay", "decision"),
    [
        (Status.DELIVERED, "a", False, Decision.SKIP_DELIVERED),
        (Status.DELIVERED, "b", False, Decision.SKIP_CHANGED),
        (Status.DELIVERED, "b", True, Decision.SKIP_CHANGED),
        (Status.REJECTED, "a", False, Decision.SKIP_REJECTED),
        (Status.REJECTED, "b", False, Decision.SEND),
        (Status.REJECTED, "a", True, Decision.SEND),
        (Status.UNKNOWN, "a", False, Decision.SKIP_UNKNOWN),
        (Status.UNKNOWN, "b", False, Decision.SKIP_UNKNOWN),
        (Status.UNKNOWN, "a", True, Decision.SEND_AGAIN),
    ],
)
def test_what_is_settled_decides_alone(
    status: Status,
    content: str,
    is_replay: bool,  # noqa: FBT001  # pytest passes it by name
    decision: Decision,
) -> None:
    """Delivered is final; a reject is sent again with other content or as a replay; unknown only as a replay."""
    for policy in UnknownOutcome:
        assert decide(row(status), claim(content, is_replay=is_replay), Circumstances(policy)) is decision


@pytest.mark.parametrize("is_replay", [False, True])
def test_row_of_a_lost_answer_waits_for_the_policy(is_replay: bool) -> None:  # noqa: FBT001  # pytest passes it by name
    """A POST without an answer is waited for while its run is alive; then the policy decides, for a replay too."""
    sending, asked = row(Status.SENDING), claim(is_replay=is_replay)
    assert decide(sending, asked, Circumstances(UnknownOutcome.RETRY, is_alive=True)) is Decision.WAIT
    assert decide(sending, asked, Circumstances(UnknownOutcome.RETRY, is_alive=False)) is Decision.SEND_AGAIN
    assert decide(sending, asked, Circumstances(UnknownOutcome.REJECT, is_alive=False)) is Decision.KEEP_UNKNOWN


@pytest.mark.parametrize("policy", UnknownOutcome)
@pytest.mark.parametrize(
    ("status", "is_replay"), [(Status.SENDING, False), (Status.SENDING, True), (Status.UNKNOWN, True)]
)
def test_lead_that_may_exist_is_not_a_plain_reject(policy: UnknownOutcome, status: Status, *, is_replay: bool) -> None:
    """Even if a record breaks the contract now, what was sent for it before may exist."""
    asked = claim(is_replay=is_replay, will_send=False)
    assert decide(row(status), asked, Circumstances(policy, is_alive=False)) is Decision.KEEP_UNKNOWN


@given(found=st.none() | ROWS, asked=CLAIMS, policy=POLICIES, is_alive=st.booleans())
def test_every_case_is_decided(found: Row | None, asked: Claim, policy: UnknownOutcome, *, is_alive: bool) -> None:
    """Every row and claim has a decision; none sends a delivered lead, nor one that may exist as if it were new."""
    decision = decide(found, asked, Circumstances(policy, is_alive=is_alive))
    assert isinstance(decision, Decision)
    if found is None:
        assert decision is Decision.SEND
    elif found.status is Status.DELIVERED:
        assert decision not in HOLDING
    elif found.status in {Status.SENDING, Status.UNKNOWN}:
        assert decision is not Decision.SEND
        assert asked.will_send or decision is not Decision.SEND_AGAIN
    if policy is UnknownOutcome.REJECT and found and found.status is Status.SENDING:
        assert decision not in SENDS


@given(found=st.none() | ROWS, asked=CLAIMS, policy=POLICIES, is_alive=st.booleans())
def test_claim_writes_only_what_it_holds(
    found: Row | None, asked: Claim, policy: UnknownOutcome, *, is_alive: bool
) -> None:
    """A record that will be sent first becomes this run's and SENDING; a peek or a skip changes nothing."""
    decision = decide(found, asked, Circumstances(policy, is_alive=is_alive))
    left = row_after_claim(found, asked, decision, RUN)
    if not asked.will_send or decision not in HOLDING:
        assert left == found
    else:
        assert left is not None
        assert (left.status, left.run_id) == (Status.SENDING, RUN)
        assert left.resends - (found.resends if found else 0) == (decision is Decision.SEND_AGAIN)


@given(found=st.none() | ROWS, asked=CLAIMS, policy=POLICIES)
def test_release_leaves_no_trace(found: Row | None, asked: Claim, policy: UnknownOutcome) -> None:
    """A released claim leaves the row as it found it, unknown outcomes included."""
    decision = decide(found, asked, Circumstances(policy, is_alive=False))
    left = row_after_claim(found, asked, decision, RUN)
    if decision in HOLDING:
        assert row_after_settlement(left, OpenClaim(found, left), settlement(None), RUN) == found


@given(found=st.none() | ROWS, claimed=st.builds(OpenClaim, st.none() | ROWS, st.none() | ROWS))
def test_delivery_is_never_lost(found: Row | None, claimed: OpenClaim) -> None:
    """A delivery is always written, whatever the row contains, with the API's id of the request."""
    left = row_after_settlement(found, claimed, settlement(Status.DELIVERED), RUN)
    assert left is not None
    assert (left.status, left.request_id) == (Status.DELIVERED, "r")


@given(found=st.none() | ROWS, other=st.none() | ROWS, status=st.sampled_from([*Status, None]))
def test_only_deliveries_overwrite_another_run(found: Row | None, other: Row | None, status: Status | None) -> None:
    """Only a delivery overwrites what another run has written since the claim."""
    if found != other and status is not Status.DELIVERED:
        assert row_after_settlement(found, OpenClaim(None, other), settlement(status), RUN) == found


def test_refused_replay_stays_unknown() -> None:
    """If a replay of an unknown one is refused, the earlier POST may have created it: it is not sent automatically."""
    unknown = row(Status.UNKNOWN)
    again = row_after_claim(unknown, claim("b", is_replay=True), Decision.SEND_AGAIN, RUN)
    left = row_after_settlement(again, OpenClaim(unknown, again), settlement(Status.REJECTED, "b"), RUN)
    assert left is not None
    assert left.status is Status.UNKNOWN
    assert decide(left, claim("a"), Circumstances(UnknownOutcome.RETRY, is_alive=False)) is Decision.SKIP_UNKNOWN


def test_given_up_record_belongs_to_no_run() -> None:
    """A record given up with an unknown outcome belongs to no run, so that no run waits for it."""
    sending = row_after_claim(None, claim(), Decision.SEND, RUN)
    left = row_after_settlement(sending, OpenClaim(None, sending), settlement(Status.SENDING), RUN)
    assert left is not None
    assert (left.status, left.run_id) == (Status.SENDING, NOBODY)


@pytest.mark.parametrize(
    ("status", "content", "is_replay", "will_send", "decision"),
    [
        (Status.FAILED, "a", False, True, Decision.SEND),
        (Status.FAILED, "b", False, True, Decision.SEND),
        (Status.FAILED, "a", False, False, Decision.SEND),
        (Status.REFUSED, "a", False, True, Decision.TRY_ONCE),
        (Status.REFUSED, "a", False, False, Decision.SKIP_REJECTED),
        (Status.REFUSED, "b", False, True, Decision.SEND),
        (Status.REFUSED, "a", True, True, Decision.SEND),
    ],
)
def test_what_was_not_created_is_tried_again(
    status: Status, content: str, decision: Decision, *, is_replay: bool, will_send: bool
) -> None:
    """A failure with an unknown cause is sent as new; one that is kept gets a single try, unless it changes."""
    asked = claim(content, is_replay=is_replay, will_send=will_send)
    for policy in UnknownOutcome:
        assert decide(row(status), asked, Circumstances(policy)) is decision


@pytest.mark.parametrize(
    ("is_at_bound", "others_accepted", "is_replay", "decision"),
    [
        (False, False, False, Decision.SEND_AGAIN),
        (False, True, False, Decision.SEND_AGAIN),
        (True, False, False, Decision.SEND_AGAIN),  # an outage: once in each run
        (True, True, False, Decision.KEEP_UNKNOWN),
        (True, True, True, Decision.SEND_AGAIN),  # the user allows it
    ],
)
def test_resends_end_at_the_limit(
    decision: Decision, *, is_at_bound: bool, others_accepted: bool, is_replay: bool
) -> None:
    """At the limit, a lost answer is this lead's fault if others were accepted since, and an outage if not."""
    now = Circumstances(is_at_bound=is_at_bound, others_accepted=others_accepted)
    assert decide(row(Status.SENDING), claim(is_replay=is_replay), now) is decision


SENT = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("came_after_seconds", "status", "is_replay", "decision"),
    [
        (0, None, False, Decision.SKIP_OWN),
        (86400, None, False, Decision.SKIP_OWN),
        (-30, None, False, Decision.SKIP_OWN),  # clocks differ
        (-3600, None, False, Decision.SEND),
        (None, None, False, Decision.SEND),
        (0, None, True, Decision.SEND),
        (0, Status.FAILED, False, Decision.SKIP_OWN),
        (0, Status.DELIVERED, False, Decision.SKIP_DELIVERED),
        (0, Status.UNKNOWN, False, Decision.SKIP_UNKNOWN),
    ],
)
def test_lead_that_comes_back_is_known(
    came_after_seconds: int | None, status: Status | None, decision: Decision, *, is_replay: bool
) -> None:
    """A lead of the tap with the text of one sent from here before is ours; one with a row is known anyway."""
    came_at = None if came_after_seconds is None else SENT + timedelta(seconds=came_after_seconds)
    asked = dataclasses.replace(claim(is_replay=is_replay), came_at=came_at, fingerprint="f")
    found = row(status) if status else None
    assert decide(found, asked, Circumstances(sent_before=SENT)) is decision
    if found is None:
        assert decide(None, asked, Circumstances(sent_before=None)) is Decision.SEND


def test_first_try_is_remembered_while_the_lead_is_the_same() -> None:
    """The first try counts from the current content; a lead that may exist is the same lead with any content."""
    later = SENT + timedelta(hours=1)
    first = row_after_claim(None, claim(), Decision.SEND, RUN, SENT)
    assert first is not None
    assert first.first_tried_at == SENT
    for status, content, expected in [
        (Status.FAILED, "a", SENT),
        (Status.FAILED, "b", later),
        (Status.SENDING, "b", SENT),
    ]:
        left = row_after_settlement(first, OpenClaim(None, first), settlement(status), RUN)
        again = row_after_claim(left, claim(content), Decision.SEND, RUN, later)
        assert again is not None
        assert again.first_tried_at == expected


@pytest.mark.parametrize("before", [Status.SENDING, Status.UNKNOWN])
@pytest.mark.parametrize("status", [Status.FAILED, Status.REFUSED, Status.REJECTED])
def test_refusal_never_hides_an_earlier_lost_answer(before: Status, status: Status) -> None:
    """If this POST created nothing, an earlier one may still have."""
    found = row(before)
    again = row_after_claim(found, claim(), Decision.SEND_AGAIN, RUN)
    left = row_after_settlement(again, OpenClaim(found, again), settlement(status), RUN)
    assert left is not None
    assert left.status in {before, Status.UNKNOWN}
