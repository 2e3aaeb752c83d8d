from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_seeker_leads.ledger.rules import (
    HOLDING,
    NOBODY,
    Claim,
    Decision,
    Held,
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


def row(status: Status, content: str = "a", run_id: str = "another run") -> Row:
    return Row(status, "s", content, run_id)


def claim(content: str = "a", *, is_replay: bool = False, will_send: bool = True) -> Claim:
    return Claim("k", content, "s", is_replay=is_replay, will_send=will_send)


def settlement(status: Status | None, content: str = "a") -> Settlement:
    return Settlement("k", content, "s", status, "r")


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
    is_replay: bool,  # noqa: FBT001  # pytest gives it by name
    decision: Decision,
) -> None:
    """Delivered is for good; a reject comes again with other content or as a replay; unknown only as a replay."""
    for policy in UnknownOutcome:
        assert decide(row(status), claim(content, is_replay=is_replay), policy, is_alive=False) is decision


@pytest.mark.parametrize("is_replay", [False, True])
def test_row_of_a_lost_answer_waits_for_the_policy(is_replay: bool) -> None:  # noqa: FBT001  # pytest gives it by name
    """A POST without an answer is waited for while its run lives; then the policy says what happens, replay or not."""
    sending, asked = row(Status.SENDING), claim(is_replay=is_replay)
    assert decide(sending, asked, UnknownOutcome.RETRY, is_alive=True) is Decision.WAIT
    assert decide(sending, asked, UnknownOutcome.RETRY, is_alive=False) is Decision.SEND_AGAIN
    assert decide(sending, asked, UnknownOutcome.REJECT, is_alive=False) is Decision.KEEP_UNKNOWN


@pytest.mark.parametrize("policy", UnknownOutcome)
@pytest.mark.parametrize(
    ("status", "is_replay"), [(Status.SENDING, False), (Status.SENDING, True), (Status.UNKNOWN, True)]
)
def test_what_may_exist_is_no_mere_reject(policy: UnknownOutcome, status: Status, *, is_replay: bool) -> None:
    """That a record breaks the contract now says nothing of what was sent for it before."""
    asked = claim(is_replay=is_replay, will_send=False)
    assert decide(row(status), asked, policy, is_alive=False) is Decision.KEEP_UNKNOWN


@given(found=st.none() | ROWS, asked=CLAIMS, policy=POLICIES, is_alive=st.booleans())
def test_every_case_is_decided(found: Row | None, asked: Claim, policy: UnknownOutcome, *, is_alive: bool) -> None:
    """Every row and claim has a decision; none sends what was delivered, nor what may exist as if it were new."""
    decision = decide(found, asked, policy, is_alive=is_alive)
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
    """A record that will be sent is this run's and SENDING before that; a look or a skip changes nothing."""
    decision = decide(found, asked, policy, is_alive=is_alive)
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
    decision = decide(found, asked, policy, is_alive=False)
    left = row_after_claim(found, asked, decision, RUN)
    if decision in HOLDING:
        assert row_after_settlement(left, Held(found, left), settlement(None), RUN) == found


@given(found=st.none() | ROWS, held=st.builds(Held, st.none() | ROWS, st.none() | ROWS))
def test_delivery_is_never_lost(found: Row | None, held: Held) -> None:
    """That the API took a lead is written down whatever stands there, with the API's name for it."""
    left = row_after_settlement(found, held, settlement(Status.DELIVERED), RUN)
    assert left is not None
    assert (left.status, left.request_id) == (Status.DELIVERED, "r")


@given(found=st.none() | ROWS, other=st.none() | ROWS, status=st.sampled_from([*Status, None]))
def test_word_of_another_run_stands(found: Row | None, other: Row | None, status: Status | None) -> None:
    """What another run has written since the claim is overwritten by a delivery only."""
    if found != other and status is not Status.DELIVERED:
        assert row_after_settlement(found, Held(None, other), settlement(status), RUN) == found


def test_refused_replay_stays_unknown() -> None:
    """When a replay of an unknown one is refused, the earlier POST may still have created it: not sent by itself."""
    unknown = row(Status.UNKNOWN)
    again = row_after_claim(unknown, claim("b", is_replay=True), Decision.SEND_AGAIN, RUN)
    left = row_after_settlement(again, Held(unknown, again), settlement(Status.REJECTED, "b"), RUN)
    assert left is not None
    assert left.status is Status.UNKNOWN
    assert decide(left, claim("a"), UnknownOutcome.RETRY, is_alive=False) is Decision.SKIP_UNKNOWN


def test_given_up_record_is_nobodys() -> None:
    """A record given up with its outcome unknown belongs to no run, so that nobody waits for it."""
    held = row_after_claim(None, claim(), Decision.SEND, RUN)
    left = row_after_settlement(held, Held(None, held), settlement(Status.SENDING), RUN)
    assert left is not None
    assert (left.status, left.run_id) == (Status.SENDING, NOBODY)
