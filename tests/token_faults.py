"""Temporary faults of the token endpoint."""

from __future__ import annotations

from seeker_leads_sandbox import Fault, FaultKind

TOKEN_PATH = "/oauth/token"
TEMPORARY_TOKEN_FAULTS = (
    Fault(FaultKind.STATUS, path=TOKEN_PATH, status=503, times=2),
    Fault(FaultKind.STATUS, path=TOKEN_PATH, status=429, times=2),
    Fault(FaultKind.RESET, path=TOKEN_PATH, times=2),
    Fault(FaultKind.BAD_JSON, path=TOKEN_PATH, times=2),
    Fault(FaultKind.HTML_502, path=TOKEN_PATH, times=2),
    Fault(FaultKind.CUT_BODY, path=TOKEN_PATH, times=2),
    Fault(FaultKind.LOST_ANSWER, path=TOKEN_PATH, times=2),
    Fault(FaultKind.TIMEOUT, path=TOKEN_PATH, times=1),
)


def name_of(fault: Fault) -> str:
    """Return the id of a test with this fault."""
    return f"{fault.kind.value} {fault.status}"
