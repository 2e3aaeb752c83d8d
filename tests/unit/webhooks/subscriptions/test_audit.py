from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_webhooks.subscriptions.api import Subscription
from seeker_leads_webhooks.subscriptions.audit import Audit, read_audit

NOW = datetime(2026, 11, 25, 12, tzinfo=timezone.utc)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def audited(answer: dict[str, Any], *, status: str = "ACTIVE", created_at: str = "2026-01-01T00:00:00Z") -> Audit:
    subscription = Subscription("1", "https://a.example/", status, created_at, created_at)
    return read_audit(subscription, answer, stale=timedelta(minutes=60), now=NOW)


@pytest.mark.parametrize(
    "success",
    [
        "2026-11-25T11:30:00Z",
        "2026-11-25T12:30:00.1234567+01:00",
        "2026-11-25T11:30:00",
        1795606200,
        1795606200123,
        "1795606200",
    ],
)
def test_recent_success_is_fine_in_every_time_format(success: object) -> None:
    """The API's format of times is not documented."""
    audit = audited({"lastSuccessTimestamp": success})
    assert audit.last_success is not None
    assert abs(audit.last_success - datetime(2026, 11, 25, 11, 30, tzinfo=timezone.utc)) < timedelta(seconds=1)
    assert audit.problem is None


@pytest.mark.parametrize("success", ["2026-11-25T10:59:00Z", None, "yesterday", True, 1e300, {}])
def test_old_missing_or_unreadable_success_is_a_problem(success: object) -> None:
    """A check without data must not report success."""
    assert "has not succeeded for 60 minutes" in str(audited({"lastSuccessTimestamp": success}).problem)
    assert audited({}).problem


def test_new_subscription_has_time() -> None:
    """A new subscription has no call before its first lead."""
    assert audited({"lastSuccessTimestamp": None}, created_at="2026-11-25T11:59:00Z").problem is None


def test_inactive_is_a_problem_whatever_succeeded() -> None:
    """The vendor has stopped calling, or somebody paused the subscription."""
    assert "is INACTIVE" in str(audited({"lastSuccessTimestamp": "2026-11-25T12:00:00Z"}, status="INACTIVE").problem)


def test_events_are_shown_flat_without_what_may_be_private() -> None:
    """Their format is not documented: values about the call are shown, a lead or a key in them is not."""
    event = {
        "timestamp": "2026-11-25T11:00:00Z",
        "status": "FAILURE",
        "statusCode": 503,
        "retry": True,
        "url": "https://a.example/hook?key=s3cret",
        "errorDetail": "connection to https://a.example/?key=s3cret refused for 'Quastenflosser'",
        "apiKey": "ABC",
        "lastName": "Quastenflosser",
        "email": "q@example.com",
        "request": {"headers": {"X-Api-Key": "S3CRET"}, "body": {"id": "Quastenflosser", "phones": [33612345678]}},
    }
    (shown,) = audited({"recentEvents": [event]}).events
    assert (shown["timestamp"], shown["status"], shown["statusCode"]) == ("2026-11-25T11:00:00Z", "FAILURE", "503")
    assert shown["url"] == "https://a.example/hook?…"
    assert "refused" in shown["errorDetail"]
    for private in ("s3cret", "S3CRET", "ABC", "Quastenflosser", "q@example", "33612345678"):
        assert private not in str(shown)


def test_name_in_capitals_is_not_shown() -> None:
    """French programs write family names in capitals, as the API writes its enumerations."""
    lead = {"lastName": "QUASTENFLOSSER", "city": "PARIS", "metadata": {"leadCategory": "AGENCY"}}
    event = {"lastName": "QUASTENFLOSSER", "response": {"status": "FAILED", "id": "QUASTENFLOSSER"}, "lead": lead}
    (shown, alone) = audited({"recentEvents": [event, "QUASTENFLOSSER"]}).events
    assert shown["response.status"] == "FAILED"
    assert "QUASTENFLOSSER" not in str((shown, alone))


@given(JSON, JSON)
def test_any_audit_can_be_shown(events: object, success: object) -> None:
    """Any format is printed or left out, without an error."""
    audit = audited({"recentEvents": events, "lastSuccessTimestamp": success})
    assert all(isinstance(each, dict) for each in audit.as_json()["events"])
