"""Every option of the sandbox. Where the API's documentation leaves a question open, an enum lists the answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from seeker_leads_api import contract

#: Where the sandbox listens by default: only this machine can connect to it.
HOST = "127.0.0.1"


class Bounds(str, Enum):
    """Which ends of the period `minDate`..`maxDate` are included."""

    CLOSED = "closed"  #: both
    MIN_INCLUSIVE = "min_inclusive"  #: `minDate` is, `maxDate` is not
    MAX_INCLUSIVE = "max_inclusive"  #: `maxDate` is, `minDate` is not
    OPEN = "open"  #: neither


class Order(str, Enum):
    """The total order in which leads are listed and cursors advance."""

    ASCENDING = "ascending"  #: by ingestion date, then lead id
    DESCENDING = "descending"  #: the reverse
    SHUFFLED = "shuffled"  #: by a hash of the lead id, independent of the period


class EmptyPeriod(str, Enum):
    """The answer to a period (or the rest of one) without leads: the contract's two, and common variants."""

    PROBLEM_404 = "problem_404"
    EMPTY_200 = "empty_200"
    NULL_200 = "null_200"  #: `items` is null
    NO_CONTENT_204 = "no_content_204"  #: no body


class Links(str, Enum):
    """The form of `links.next`."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"  #: a path with its query
    ALWAYS = "always"  #: absolute, also on the last page, where it leads to an empty page
    UNESCAPED = "unescaped"  #: absolute, with an unescaped `+` in the cursor, which form decoding reads as a space
    NONE = "none"  #: no link: only a full page, or the status, indicates that more follow


class PageStatus(str, Enum):
    """The status of a page that more pages follow."""

    PARTIAL_206 = "partial_206"
    ALWAYS_200 = "always_200"


class RetryAfter(str, Enum):
    """The form of `Retry-After` on a 429."""

    SECONDS = "seconds"
    DATE = "date"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How one sandbox behaves; the defaults are the documented API, without leads."""

    leads: int = 0  #: generated before the start
    days: int = 90  #: days before now over which they are spread
    seed: int = 0  #: of leads, tokens and random choices: the same seed gives the same sandbox
    arrivals_per_minute: float = 0.0  #: new leads while it runs
    visible_after_seconds: int = 0  #: time from the ingestion date until a lead is listed; 0 lists every lead added
    retention_days: int = 0  #: how long a lead is listed; 0: forever
    accounts: int = 0  #: number of agencies, `agency-1` and on by `intermediary_id`; 0: one account for all requests

    bounds: Bounds = Bounds.CLOSED
    order: Order = Order.ASCENDING
    empty: EmptyPeriod = EmptyPeriod.PROBLEM_404
    links: Links = Links.ABSOLUTE
    page_status: PageStatus = PageStatus.PARTIAL_206
    page_cap: int = contract.MAX_PAGE_SIZE  #: maximum number of leads on a page, whatever `limit` says
    retry_after: RetryAfter = RetryAfter.SECONDS

    latency_ms: float = 0.0  #: wait before every answer
    error_rate: float = 0.0  #: share of API requests answered with 500, 503 or 429

    enforce_limit: bool = True
    limit_post: bool = True  #: whether `POST /leads` has a limit of the same size, counted separately from reading
    rate_limit_requests: int = contract.RATE_LIMIT_REQUESTS
    rate_limit_period_ms: int = contract.RATE_LIMIT_PERIOD_MS
    max_concurrent: int = contract.MAX_CONCURRENT_REQUESTS
    limit_by_account: bool = False  #: a limit for each account, instead of one for all accounts of a client
    jitter_ms: int = 20  #: how much earlier than the limit allows a request may arrive without being refused

    client_id: str = "sandbox"
    client_secret: str = "sandbox"  # noqa: S105  # known to everyone, opens nothing
    token: str = "sandbox-token"  # noqa: S105  # as above
    token_lifetime_seconds: int = 86400

    webhook_auth: str = "header:X-Api-Key"  #: where a call has the key: `header:NAME`, `bearer`, `query`, `signature`
    webhook_path: str = ""  #: appended to the subscription's URL
    webhook_loss: float = 0.0  #: share of calls that are never made
    webhook_double: float = 0.0  #: share of calls that are made twice
    webhook_delay_ms: float = 0.0  #: wait before each call
    webhook_reorder: float = 0.0  #: share of calls that a later call overtakes
    webhook_any_host: bool = False  #: whether other machines are called too
    webhook_attempts: int = 6  #: maximum number of attempts until a call is answered with 2xx
    webhook_retry_wait_ms: float = 1000.0  #: before the second attempt; doubles with each further one
    webhook_max_failures: int = 20  #: failures in a row that make the subscription INACTIVE

    def __post_init__(self) -> None:
        # Valid strings are accepted in place of enums (from JSON or a command line); invalid ones are refused.
        for name, enum in _ENUMS.items():
            object.__setattr__(self, name, enum(getattr(self, name)))
        for name in ("error_rate", "webhook_loss", "webhook_double", "webhook_reorder"):
            if not 0 <= getattr(self, name) <= 1:
                message = f"{name} must be between 0 and 1, not {getattr(self, name)}"
                raise ValueError(message)
        if not _WEBHOOK_AUTH.fullmatch(self.webhook_auth):
            message = "webhook_auth must be header:NAME, bearer, query or signature"
            raise ValueError(message)
        if not _WEBHOOK_PATH.fullmatch(self.webhook_path):
            message = "webhook_path must begin with a slash and must not contain a query"
            raise ValueError(message)
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                message = f"{name} must not be negative"
                raise ValueError(message)
        for name in _AT_LEAST_1:
            if getattr(self, name) < 1:
                message = f"{name} must be at least 1"
                raise ValueError(message)


_NOT_NEGATIVE = (
    "leads",
    "arrivals_per_minute",
    "visible_after_seconds",
    "retention_days",
    "accounts",
    "latency_ms",
    "jitter_ms",
    "webhook_delay_ms",
    "webhook_retry_wait_ms",
)
_AT_LEAST_1 = (
    "days",
    "page_cap",
    "rate_limit_requests",
    "rate_limit_period_ms",
    "max_concurrent",
    "token_lifetime_seconds",
    "webhook_attempts",
    "webhook_max_failures",
)
_WEBHOOK_AUTH = re.compile(r"header:[A-Za-z0-9!#$%&'*+.^_`|~-]+|bearer|query|signature")
_WEBHOOK_PATH = re.compile(r"(?:/[^?#\s]*)?")
_ENUMS: dict[str, type[Enum]] = {
    "bounds": Bounds,
    "order": Order,
    "empty": EmptyPeriod,
    "links": Links,
    "page_status": PageStatus,
    "retry_after": RetryAfter,
}
