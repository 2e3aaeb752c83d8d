"""Many accounts in one run of the target: each record goes to the account that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import FatalError, SettingsError
from seeker_leads_sandbox import Fault, FaultKind, SandboxOptions
from tests.client_credentials import as_accounts
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import TargetRunner

pytestmark = pytest.mark.parametrize(
    "sandbox_options", [SandboxOptions(accounts=3, enforce_limit=False)], indirect=True
)


def config(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return {**as_accounts(sandbox, {f"Agency {n}": f"agency-{n}" for n in (1, 2, 3)}), **more}


def of_agency(number: int, label: object, field: str = "account") -> dict[str, Any]:
    message = record(number)
    message["record"][field] = label
    return message


def test_each_record_goes_to_its_account(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """The field `account` tells where a record goes; once delivered there, it is not sent again."""
    messages = [SCHEMA, *(of_agency(n, f"Agency {n % 3 + 1}") for n in range(30)), state(1)]
    for _ in range(2):
        sent = run_target(messages, **config(sandbox))
        assert sent.error is None
    assert [len(sandbox.created_for(f"agency-{n}")) for n in (1, 2, 3)] == [10, 10, 10]
    assert not any("`account`" in line or "account," in line for line in sent.log if "not used" in line)


def test_same_record_for_another_account_is_another_lead(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A key is known by account: the same row, sent for another agency, is new there."""
    for label in ("Agency 1", "Agency 2"):
        assert run_target([SCHEMA, of_agency(7, label)], **config(sandbox)).error is None
    assert [len(sandbox.created_for(f"agency-{n}")) for n in (1, 2)] == [1, 1]


def test_account_has_the_keys_that_it_has_alone(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """What was delivered for an agency by a run of its own is known in a run for many, and the other way round."""
    alone = {**config(sandbox), "accounts": None, "intermediary_id": "agency-2"}
    assert run_target([SCHEMA, *(of_agency(n, "Agency 2") for n in range(5))], **alone).error is None
    assert run_target([SCHEMA, *(of_agency(n, "Agency 2") for n in range(9))], **config(sandbox)).error is None
    assert run_target([SCHEMA, *(of_agency(n, "Agency 2") for n in range(9))], **alone).error is None
    assert len(sandbox.created_for("agency-2")) == 9


@pytest.mark.parametrize("label", ["Agency 9", "agency 1", "", None, 1, ["Agency 1"]])
def test_record_of_an_unknown_account_is_a_dead_letter(
    run_target: TargetRunner, sandbox: Sandbox, label: object
) -> None:
    """A label that is not in the list is kept with the cure; others go on, and it is a known reject from then on."""
    messages = [SCHEMA, of_agency(1, label), of_agency(2, "Agency 2"), state(1)]
    sent = run_target(messages, **config(sandbox))
    assert sent.error is None
    assert len(sandbox.created) == 1
    (reject,) = sent.rejects
    assert "`account`" in reject["reasons"][0]["rule"]
    assert len(run_target(messages, **config(sandbox)).rejects) == 1


def test_account_field_names_another_field(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """`account_field` is the name of the field that holds the label."""
    given = config(sandbox, account_field="agency")
    assert run_target([SCHEMA, of_agency(1, "Agency 3", "agency")], **given).error is None
    assert len(sandbox.created_for("agency-3")) == 1


def test_refused_account_stops_no_other(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Its records wait for the next run, and so does the STATE; the others are delivered, and the run is an error."""
    sandbox.script(Fault(FaultKind.STATUS, path="/oauth/token", account="agency-2", status=403))
    messages = [SCHEMA, *(of_agency(n, f"Agency {n % 3 + 1}") for n in range(30)), state(1)]
    sent = run_target(messages, **config(sandbox, max_concurrent_requests=1))
    assert isinstance(sent.error, FatalError)
    assert "Account Agency 2: No token" in str(sent.error)
    assert [len(sandbox.created_for(f"agency-{n}")) for n in (1, 2, 3)] == [10, 0, 10]
    assert (sent.states, sent.rejects) == ([], [])
    sandbox.script()
    assert run_target(messages, **config(sandbox)).error is None
    assert [len(sandbox.created_for(f"agency-{n}")) for n in (1, 2, 3)] == [10, 10, 10]


def test_failures_of_one_account_are_not_blamed_on_its_records(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """While other accounts' leads are accepted, an account that accepts none is not a reason for dead letters."""
    sandbox.script(Fault(FaultKind.STATUS, path="/leads", account="agency-2", status=403))
    messages = [SCHEMA, *(of_agency(n, f"Agency {n % 3 + 1}") for n in range(30)), state(1)]
    sent = run_target(messages, **config(sandbox, max_concurrent_requests=1))
    assert isinstance(sent.error, FatalError)
    assert sent.rejects == []
    assert [len(sandbox.created_for(f"agency-{n}")) for n in (1, 2, 3)] == [10, 0, 10]


def test_account_field_without_accounts_is_refused(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """It would mean nothing."""
    with pytest.raises(SettingsError, match="`account_field` is set without `accounts`"):
        run_target([SCHEMA], account_field="agency", auth_token=sandbox.options.token)


def test_accounts_that_the_ledger_cannot_tell_apart_are_refused(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Two tokens could not be told apart: a lead of one account would count as delivered for the other."""
    accounts = [{"label": f"Agency {n}", "auth_token": f"token-{n}"} for n in (1, 2)]
    with pytest.raises(SettingsError, match=r"'Agency 1' and 'Agency 2' both have an `auth_token`"):
        run_target([SCHEMA], **config(sandbox, accounts=accounts))


def test_corrected_label_of_an_account_with_a_token_is_sent(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A record that was for nobody is sent once its source names the account, however that authenticates."""
    given = config(sandbox, accounts=[{"label": "Agency 1", "auth_token": sandbox.options.token}])
    assert len(run_target([SCHEMA, of_agency(1, None), of_agency(2, "Agency 1")], **given).rejects) == 1
    assert run_target([SCHEMA, of_agency(1, "Agency 1")], **given).error is None
    assert len(sandbox.created) == 2


@pytest.mark.parametrize("name", ["accounts", "accounts_path"])
def test_list_from_an_unset_variable_is_refused(run_target: TargetRunner, sandbox: Sandbox, name: str) -> None:
    """Without its list, a run would send the leads of all agencies to the client's own account."""
    with pytest.raises(SettingsError, match=f"`{name}` is empty"):
        run_target([SCHEMA, of_agency(1, "Agency 1")], **{**config(sandbox), "accounts": None, name: ""})
    assert sandbox.created == []
