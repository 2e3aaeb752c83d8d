"""The Seeker Leads API on your machine: for trying things out and for tests.

`with Sandbox.start(SandboxOptions(leads=5000)) as sandbox:` serves it from a thread, `seeker-leads-sandbox serve` from
a process. It is written from the API's contract alone and shares no code with the clients that are tested with it.
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
    # The server needs the extra `sandbox`; without it the command line must still be able to say so.
    if name == "Sandbox":
        from seeker_leads_sandbox.server import Sandbox  # noqa: PLC0415  # see above

        return Sandbox
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
