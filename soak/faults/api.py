"""Faults of the API and of its tokens: which ones a round has, and how often each was injected."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seeker_leads_sandbox import Fault, FaultKind

if TYPE_CHECKING:
    import random

    from seeker_leads_sandbox import Sandbox

_TOKEN = "/oauth/token"  # noqa: S105  # a path
_PAGE = "<html><body>Please log in to the network</body></html>"
#: Faults of any request. None of them creates a lead without an answer.
API = {
    "500": Fault(FaultKind.STATUS, status=500),
    "503": Fault(FaultKind.STATUS, status=503),
    "429": Fault(FaultKind.STATUS, status=429),
    "reset": Fault(FaultKind.RESET),
    "cut body": Fault(FaultKind.CUT_BODY),
    "bad JSON": Fault(FaultKind.BAD_JSON),
    "502 as HTML": Fault(FaultKind.HTML_502),
    "slow answer": Fault(FaultKind.SLOW, delay_ms=500),
    "web page": Fault(FaultKind.STATUS, status=200, body=_PAGE, content_type="text/html"),
}
#: Faults after which nobody knows whether a lead exists.
UNKNOWN = {"lost answer": Fault(FaultKind.LOST_ANSWER), "time-out": Fault(FaultKind.TIMEOUT)}
TOKENS = {
    "token: 500": Fault(FaultKind.STATUS, path=_TOKEN, status=500),
    "token: reset": Fault(FaultKind.RESET, path=_TOKEN),
    "token: bad JSON": Fault(FaultKind.BAD_JSON, path=_TOKEN),
    "token: web page": Fault(FaultKind.STATUS, path=_TOKEN, status=200, body=_PAGE, content_type="text/html"),
    "token: revoked": Fault(FaultKind.REVOKE_TOKEN),
}
#: How many requests in a hundred a fault hits; the rarer ones cost a run seconds.
_PERCENT = {"time-out": 0.2, "token: revoked": 0.5, "slow answer": 1}
_TOKEN_PERCENT, _USUAL_PERCENT = 12, 2
#: More than a round has requests, so that the sandbox counts the hits.
_MANY = 1_000_000


@dataclass(frozen=True)
class NamedFault:
    """A fault of the sandbox, by the name in the figures."""

    name: str
    fault: Fault


def choose_faults(rng: random.Random, table: dict[str, Fault]) -> tuple[NamedFault, ...]:
    """Choose about half of a table's faults."""
    return tuple(_named(name, fault) for name, fault in table.items() if rng.random() < 0.5)


def _named(name: str, fault: Fault) -> NamedFault:
    usual = _TOKEN_PERCENT if fault.path == _TOKEN else _USUAL_PERCENT
    return NamedFault(name, replace(fault, rate=_PERCENT.get(name, usual) / 100, times=_MANY))


def inject(sandbox: Sandbox, faults: tuple[NamedFault, ...]) -> None:
    """Have the sandbox inject these faults from now on, and no others."""
    sandbox.script(*(each.fault for each in faults))


def stop_faults(sandbox: Sandbox, faults: tuple[NamedFault, ...]) -> Counter[str]:
    """End all faults, and return how often each was injected."""
    left = dict(sandbox.waiting_faults)
    sandbox.script()
    return +Counter({each.name: _MANY - (left.get(each.fault, _MANY) or 0) for each in faults})
