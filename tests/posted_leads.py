"""Leads that a target sent to the sandbox, and faults of their requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeker_leads_sandbox import Fault

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from seeker_leads_sandbox.faults.faults import FaultKind


def on_post(kind: FaultKind, **more: Any) -> Fault:
    """Return a fault of `POST /leads`."""
    return Fault(kind, method="POST", path="/leads", **more)


def created_names(sandbox: Sandbox) -> list[str]:
    """The last name of each created lead, sorted."""
    return sorted(lead["lastName"] for lead in sandbox.created)


def names(*numbers: int) -> list[str]:
    """Return the last names that `singer_input.record` gives to these numbers, sorted."""
    return sorted(f"Dupont{number}" for number in numbers)
