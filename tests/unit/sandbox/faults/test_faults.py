from __future__ import annotations

import random

import pytest

from seeker_leads_sandbox.faults.faults import Fault, FaultKind, FaultScript, faults_from_json


def hits(script: FaultScript, count: int, method: str = "GET", path: str = "/leads") -> list[FaultKind | None]:
    decided = [script.decide(method, path) for _ in range(count)]
    return [None if fault is None else fault.kind for fault in decided]


def script_of(*faults: Fault, error_rate: float = 0.0) -> FaultScript:
    return FaultScript(faults, error_rate=error_rate, rng=random.Random(1))  # noqa: S311  # reproducible on purpose


def test_after_and_times_count_matching_requests() -> None:
    """`after` matching requests pass first, then `times` requests are hit, then no more."""
    script = script_of(Fault(FaultKind.RESET, after=1, times=2))

    assert hits(script, 5) == [None, FaultKind.RESET, FaultKind.RESET, None, None]


def test_a_fault_hits_only_its_method_and_path() -> None:
    """Requests with another method or path pass and do not count."""
    script = script_of(Fault(FaultKind.RESET, method="post", path="/leads", times=1))

    assert hits(script, 2, "GET", "/leads") == [None, None]
    assert hits(script, 2, "POST", "/leads/x") == [None, None]
    assert hits(script, 1, "POST", "/leads") == [FaultKind.RESET]


def test_a_path_may_be_a_pattern() -> None:
    """`*` in a path matches anything."""
    assert hits(script_of(Fault(FaultKind.RESET, path="/leads*")), 1, path="/leads/some-id") == [FaultKind.RESET]


def test_without_a_path_only_the_api_is_hit() -> None:
    """A fault for any path does not hit the token endpoint; a fault with its path does."""
    assert script_of(Fault(FaultKind.RESET)).decide("POST", "/oauth/token", is_api=False) is None
    named = Fault(FaultKind.RESET, path="/oauth/token")
    assert script_of(named).decide("POST", "/oauth/token", is_api=False) == named


def test_the_first_matching_fault_hits_the_request() -> None:
    """Several faults in a row form a sequence."""
    script = script_of(Fault(FaultKind.RESET, times=1), Fault(FaultKind.CUT_BODY, times=1))

    assert hits(script, 3) == [FaultKind.RESET, FaultKind.CUT_BODY, None]


def test_rates_depend_on_the_seed() -> None:
    """A rate hits about that share of requests, and the same ones for the same seed."""
    first = hits(script_of(Fault(FaultKind.RESET, rate=0.3)), 1000)

    assert 250 < first.count(FaultKind.RESET) < 350
    assert hits(script_of(Fault(FaultKind.RESET, rate=0.3)), 1000) == first


def test_error_rate_answers_error_statuses() -> None:
    """Random errors are 500, 503 or 429 on leads, and never 429 where the contract has none."""
    script = script_of(error_rate=1.0)

    on_leads = {fault.status for _ in range(100) if (fault := script.decide("GET", "/leads"))}
    elsewhere = {fault.status for _ in range(100) if (fault := script.decide("GET", "/webhook/subscriptions"))}
    assert on_leads == {500, 503, 429}
    assert elsewhere == {500, 503}
    assert script.decide("POST", "/oauth/token", is_api=False) is None


def test_faults_can_be_written_as_json() -> None:
    """A JSON list becomes a script."""
    assert faults_from_json([{"kind": "status", "status": 429, "retry_after": "2", "times": 1}]) == [
        Fault(FaultKind.STATUS, status=429, retry_after="2", times=1)
    ]


@pytest.mark.parametrize(
    "items",
    [
        {"kind": "reset"},
        ["reset"],
        [{}],
        [{"kind": "nonsense"}],
        [{"kind": "reset", "unknown": 1}],
        [{"kind": "status", "status": "500"}],
        [{"kind": "reset", "times": -1}],
        [{"kind": "reset", "rate": 2}],
    ],
)
def test_a_wrong_script_is_refused(items: object) -> None:
    """Anything but a list of faults is an error, not an empty script."""
    with pytest.raises(ValueError, match=r".+"):
        faults_from_json(items)
