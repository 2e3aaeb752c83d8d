"""A local Seeker Leads API for tests and experiments.

`with Sandbox.start(SandboxOptions(leads=5000)) as sandbox:` serves it from a thread, `seeker-leads-sandbox serve` from
a process. It implements the API's contract and shares no code with the clients that are tested against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seeker_leads_sandbox.faults.faults import Fault, FaultKind
from seeker_leads_sandbox.options import Bounds, EmptyPeriod, Links, Order, PageStatus, RetryAfter, SandboxOptions

if TYPE_CHECKING:
    from seeker_leads_sandbox.server import Sandbox

__all__ = [
    "Bounds",
    "EmptyPeriod",
    "Fault",
    "FaultKind",
    "Links",
    "Order",
    "PageStatus",
    "RetryAfter",
    "Sandbox",
    "SandboxOptions",
]


def __getattr__(name: str) -> type[Sandbox]:
    # The server needs the extra `sandbox`; without it, the command line must still start and name the missing extra.
    if name == "Sandbox":
        from seeker_leads_sandbox.server import Sandbox  # noqa: PLC0415  # see above

        return Sandbox
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
