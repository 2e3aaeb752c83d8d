"""Settings, leads and records of several accounts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from seeker_leads_sandbox import SandboxOptions
from tests.client_credentials import as_accounts
from tests.tap_runs import NOW

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.tap_runs import Run
THREE = SandboxOptions(accounts=3, enforce_limit=False)
FIFTY = SandboxOptions(accounts=50, enforce_limit=False)
ISO_NOW = "2026-11-23T08:00:00Z"


def config(sandbox: Sandbox, count: int, **more: Any) -> dict[str, Any]:
    agencies = {f"Agency {n}": f"agency-{n}" for n in range(1, count + 1)}
    return {**as_accounts(sandbox, agencies), "start_date": "2026-11-01", **more}


def bookmarks(state: dict[str, Any]) -> dict[str, str | None]:
    partitions = state["bookmarks"]["leads"].get("partitions", [])
    return {part["context"]["account"]: part.get("replication_key_value") for part in partitions}


def fill(sandbox: Sandbox, count: int, leads: int = 5) -> dict[str, set[str]]:
    """Add leads of the last weeks to each account; return their ids by label."""
    return {
        f"Agency {n}": set(
            sandbox.add_leads(
                ingestion_dates=[NOW - 3600 * (number + 1) * n for number in range(leads)], account=f"agency-{n}"
            )
        )
        for n in range(1, count + 1)
    }


def read(run: Run) -> dict[str, set[str]]:
    assert max(Counter((record["account"], record["leadId"]) for record in run.records).values(), default=1) == 1
    labels = {record["account"] for record in run.records}
    return {label: {each["leadId"] for each in run.records if each["account"] == label} for label in labels}
