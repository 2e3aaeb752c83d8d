"""Faults of the target's token requests, and tokens that are revoked during a run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tests.posted_leads import on_post
from tests.singer_input import SCHEMA, record, state
from tests.token_faults import TEMPORARY_TOKEN_FAULTS, name_of

if TYPE_CHECKING:
    from tests.target_runs import TargetRunner

OWN = SandboxOptions(enforce_limit=False, client_id="agency", client_secret="secret-of-the-client")


def credentials(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "auth_token": None,
        "client_id": "agency",
        "client_secret": "secret-of-the-client",
        "auth_url": sandbox.token_url,
    }


def revocation(*, after: int) -> Fault:
    return on_post(FaultKind.REVOKE_TOKEN, times=1, after=after)


def created(sandbox: Sandbox) -> list[int]:
    """How often each lead was created."""
    return list(Counter(lead["email"] for lead in sandbox.created).values())


@pytest.mark.parametrize("sandbox_options", [OWN], indirect=True)
@pytest.mark.parametrize("fault", TEMPORARY_TOKEN_FAULTS, ids=name_of)
def test_fault_on_the_token_request_costs_time_only(run_target: TargetRunner, sandbox: Sandbox, fault: Fault) -> None:
    """A passing fault of a token request, at the start and after a revocation during the run, loses nothing."""
    sandbox.script(fault, revocation(after=20))
    # Not one second, even with silence: a lead whose answer a busy machine delays would be sent again.
    patience_seconds = 3 if fault.kind is FaultKind.TIMEOUT else 10
    run = run_target(
        [SCHEMA, *map(record, range(60)), state(1)], request_timeout_seconds=patience_seconds, **credentials(sandbox)
    )
    assert run.error is None
    assert run.states == [1]
    assert created(sandbox) == [1] * 60
    assert not any("were sent again" in line for line in run.log)


@pytest.mark.parametrize("sandbox_options", [OWN], indirect=True)
def test_every_revocation_in_mid_run_costs_one_token(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A token that is revoked repeatedly is replaced each time; each lead is created once."""
    sandbox.script(*(revocation(after=30 * number) for number in range(1, 5)))
    run = run_target([SCHEMA, *map(record, range(200)), state(1)], **credentials(sandbox))
    assert run.error is None
    assert run.states == [1]
    assert created(sandbox) == [1] * 200
    assert len(sandbox.issued_tokens) == 5


@pytest.mark.parametrize("sandbox_options", [OWN], indirect=True)
@pytest.mark.parametrize("status", [400, 401, 403, 500])
@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_missing_token_ends_the_run(run_target: TargetRunner, sandbox: Sandbox, status: int, policy: str) -> None:
    """Without a token nothing is sent and nothing counts as sent; the error says what to check, without the secret."""
    run_target.config |= {"on_unknown_outcome": policy, **credentials(sandbox)}
    messages = [SCHEMA, *map(record, range(20)), state(1)]
    body = '{"error": "invalid_client", "error_description": "secret-of-the-client is wrong"}'
    sandbox.script(Fault(FaultKind.STATUS, path="/oauth/token", status=status, body=body))
    run = run_target(messages, max_retries=2)
    assert "POST /token" in str(run.error) or "No token from `auth_url`" in str(run.error)
    assert "secret-of-the-client" not in "\n".join([*run.log, str(run.error)])
    assert run.states == []
    sandbox.script()
    assert run_target(messages).summary.startswith(
        "20 created, 0 skipped as delivered before, 0 rejected, 0 of unknown"
    )
    assert len(sandbox.created) == 20
