"""Scripted faults: decides which fault hits which request; `fault_injection.py` carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable


class FaultKind(str, Enum):
    """What happens to a request that a fault hits."""

    SLOW = "slow"  #: does the work after `delay_ms`
    STATUS = "status"  #: answers `status`, with a problem body or with `body`; does no work
    TIMEOUT = "timeout"  #: never answers; does no work
    CUT_BODY = "cut_body"  #: does the work, announces the whole answer, sends half of it and closes
    RESET = "reset"  #: resets the connection; does no work
    BAD_JSON = "bad_json"  #: does the work, then sends a complete HTTP answer with truncated JSON
    HTML_502 = "html_502"  #: answers a gateway's HTML page; does no work
    LOST_ANSWER = "lost_answer"  #: does the work, then aborts the connection without an answer
    MISSING_SCOPE = "missing_scope"  #: every token issued before this request lacks `scope` from now on: 403
    REVOKE_TOKEN = "revoke_token"  # noqa: S105  # a name, not a password; every token of before: 401 from now on


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and the requests that it hits; the first matching fault of the script takes the request."""

    kind: FaultKind
    path: str | None = None  #: below the API's base, or "/oauth/token"; may contain `*`; None: any path of the API
    method: str | None = None
    account: str | None = None  #: the agency's `intermediary_id`; None: any account
    delay_ms: int = 0
    status: int = 500
    retry_after: int | str | None = None  #: sent as given; None: the sandbox's own value
    times: int | None = None  #: number of hits; None: no end
    after: int = 0  #: number of matching requests that pass first
    rate: float = 1.0  #: probability of a hit
    body: bytes | str | None = None
    content_type: str = "application/json"  #: of `body`
    scope: str = "seeker-leads:read"

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", FaultKind(self.kind))
        for name in ("status", "after", "delay_ms"):
            if not _is_count(getattr(self, name)):
                message = f"{name} must be a non-negative integer"
                raise ValueError(message)
        if self.times is not None and not _is_count(self.times):
            message = "times must be an integer or null"
            raise ValueError(message)
        if not _is_share(self.rate):
            message = "rate must be between 0 and 1"
            raise ValueError(message)

    def matches(self, method: str, path: str, *, is_api: bool, account: str | None = None) -> bool:
        """Return whether the fault can hit a request like this one."""
        if self.account is not None and self.account != account:
            return False
        if self.method is not None and self.method.upper() != method:
            return False
        return is_api if self.path is None else fnmatchcase(path, self.path)


def faults_from_json(items: Any) -> list[Fault]:  # noqa: ANN401  # any JSON
    """Return the faults that a JSON list describes.

    Raises:
        ValueError: the JSON is not a list of faults.
    """
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        message = "the script of faults must be a list of objects"
        raise ValueError(message)
    try:
        return [Fault(**item) for item in items]
    except TypeError:
        message = f"a fault needs a kind and may have: {', '.join(Fault.__dataclass_fields__)}"
        raise ValueError(message) from None


class FaultScript:
    """Matches requests against a list of faults and counts them; not thread-safe."""

    def __init__(self, faults: Iterable[Fault] = (), *, error_rate: float, rng: random.Random) -> None:
        self._scripted = [_Scripted(fault) for fault in faults]
        self._error_rate = error_rate
        self._rng = rng

    @property
    def waiting(self) -> list[tuple[Fault, int | None]]:
        """The faults that can still hit a request, each with its remaining count; None means no end."""
        left = ((each.fault, each.left) for each in self._scripted)
        return [(fault, times) for fault, times in left if times != 0]

    def decide(self, method: str, path: str, *, is_api: bool = True, account: str | None = None) -> Fault | None:
        """Return the fault that hits this request, or None; counts the request."""
        for scripted in self._scripted:
            is_match = scripted.fault.matches(method, path, is_api=is_api, account=account)
            if is_match and scripted.hits(self._rng.random):
                return scripted.fault
        if is_api and self._error_rate and self._rng.random() < self._error_rate:
            # The contract has 429 only for leads.
            statuses = (500, 503, 429) if path.startswith("/leads") else (500, 503)
            return Fault(FaultKind.STATUS, status=self._rng.choice(statuses))
        return None


class _Scripted:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._seen = 0
        self._hit = 0

    @property
    def left(self) -> int | None:
        return None if self.fault.times is None else self.fault.times - self._hit

    def hits(self, random_number: Callable[[], float]) -> bool:
        self._seen += 1
        if self._seen <= self.fault.after or (self.fault.times is not None and self._hit >= self.fault.times):
            return False
        if self.fault.rate < 1 and random_number() >= self.fault.rate:
            return False
        self._hit += 1
        return True


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 <= value <= 1
