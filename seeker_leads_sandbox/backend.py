"""The state of a running sandbox, in one place; the routes are thin views of it."""

from __future__ import annotations

import random
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import web

from seeker_leads_sandbox.api.limiter import Limiter, RateLimit
from seeker_leads_sandbox.api.problems import new_traceparent
from seeker_leads_sandbox.api.token_issuer import TokenIssuer
from seeker_leads_sandbox.data.generator import LeadGenerator, created_lead, erase, is_erased
from seeker_leads_sandbox.data.posted import Posted
from seeker_leads_sandbox.data.request_log import Statistics
from seeker_leads_sandbox.data.store import LeadStore
from seeker_leads_sandbox.data.subscriptions import Subscriptions
from seeker_leads_sandbox.faults.faults import FaultScript
from seeker_leads_sandbox.options import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from seeker_leads_sandbox.api.problems import Violation
    from seeker_leads_sandbox.data.store import Lead
    from seeker_leads_sandbox.faults.faults import Fault
    from seeker_leads_sandbox.options import SandboxOptions

_SECONDS_PER_DAY = 24 * 60 * 60
_SECONDS_PER_MINUTE = 60
_MAX_POSTED = 50


class Backend:
    """The account behind the API: its leads, tokens and subscriptions, and the requests that clients made.

    `clock` returns Unix seconds; `monotonic` returns the seconds used for the limit.
    """

    def __init__(self, options: SandboxOptions, *, clock: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self.options = options
        self.clock = clock
        self.monotonic = monotonic
        limit = RateLimit(
            requests=options.rate_limit_requests,
            period_seconds=options.rate_limit_period_ms / 1000,
            max_concurrent=options.max_concurrent,
            jitter_seconds=options.jitter_ms / 1000,
        )
        self.statistics = Statistics(limit)
        self._limit = limit
        self._limiters: dict[tuple[str, str | None], Limiter] = {}
        self.store = LeadStore()
        #: The agencies that the client acts for, by `intermediary_id`.
        self.accounts = {f"agency-{number}": LeadStore() for number in range(1, options.accounts + 1)}
        self.tokens = TokenIssuer(
            static_token=options.token, lifetime_seconds=options.token_lifetime_seconds, seed=options.seed
        )
        self.subscriptions = Subscriptions()
        #: The name or address that the server listens on.
        self.host = HOST
        #: Called with new leads, from any thread, while the caller of subscribers runs.
        self.announce: Callable[[Sequence[Lead]], object] | None = None
        self.stopping = threading.Event()
        self._generator = LeadGenerator(options.seed)
        self._rng = random.Random(options.seed)  # noqa: S311  # reproducible on purpose
        self._faults = FaultScript(error_rate=options.error_rate, rng=self._rng)
        self._created: list[tuple[str | None, dict[str, Any]]] = []
        #: The latest bodies POSTed to `/leads`, accepted or refused, newest first.
        self.posted: deque[Posted] = deque(maxlen=_MAX_POSTED)
        self._arrived = 0
        self._opened_at = clock()
        # Tests add leads from their own threads.
        self._lock = threading.Lock()

    def fill(self) -> None:
        """Add the leads that the options ask for."""
        now = int(self._opened_at)
        with self._lock:
            leads = list(self._generator.spread(self.options.leads, now - self.options.days * _SECONDS_PER_DAY, now))
            stores = [*self.accounts.values()] or [self.store]
            for number, store in enumerate(stores):
                store.add_all(leads[number :: len(stores)])

    def limiter(self, method: str, account: str | None) -> Limiter | None:
        """Return the limiter for such requests of an account, or None if they are not limited."""
        if method == "POST" and not self.options.limit_post:
            return None
        return self._limiters.setdefault(
            (method, account if self.options.limit_by_account else None), Limiter(self._limit)
        )

    def store_of(self, account: str | None) -> LeadStore:
        """Return the leads of an agency, or of the client's own account.

        Raises:
            ValueError: the agency does not exist.
        """
        if account is not None and account not in self.accounts:
            message = f"there is no account {account}: the option `accounts` says how many there are"
            raise ValueError(message)
        return self.store if account is None else self.accounts[account]

    @property
    def leads(self) -> int:
        """The number of leads in all accounts."""
        return sum(map(len, (self.store, *self.accounts.values())))

    def now(self) -> int:
        """Return the current Unix second."""
        return int(self.clock())

    def add_leads(
        self,
        count: int = 0,
        *,
        ingestion_dates: Iterable[int] = (),
        leads: Iterable[Lead] = (),
        account: str | None = None,
    ) -> list[str]:
        """Add `count` leads dated now, one for each date, and the given ones; return their ids in that order.

        Raises:
            ValueError: the agency does not exist, or a given lead is not valid.
        """
        store = self.store_of(account)
        now = self.now()
        with self._lock:
            made = [*self._generator.at([now] * count), *self._generator.at(ingestion_dates), *leads]
        return self._add(made, store)

    def erase(
        self,
        count: int = 0,
        *,
        lead_ids: Iterable[str] = (),
        call_details: bool = True,
        account: str | None = None,
    ) -> list[str]:
        """Erase the people of the given leads and of `count` random others; return the leads' ids.

        Raises:
            ValueError: nothing was requested, a lead or agency does not exist, or too few leads are left to erase.
        """
        store = self.store_of(account)
        with self._lock:
            leads = {lead_id: store.get(lead_id) for lead_id in lead_ids}
            if None in leads.values():
                message = "one of the leads does not exist"
                raise ValueError(message)
            if count:
                others = [lead for lead in store.all() if not is_erased(lead)]
                others = [lead for lead in others if lead["metadata"]["leadId"] not in leads]
                if not 0 <= count <= len(others):
                    message = f"only {len(others)} leads can be erased"
                    raise ValueError(message)
                leads |= {lead["metadata"]["leadId"]: lead for lead in self._rng.sample(others, count)}
            if not leads:
                message = "must give leadIds or a count"
                raise ValueError(message)
            chosen = [lead for lead in leads.values() if lead is not None]
            for lead in chosen:
                erase(lead, call_details=call_details)
            return store.add_all(chosen)

    def add_due_leads(self) -> None:
        """Add the leads that should have arrived since the last call."""
        # Nobody can see the account between two requests, so clients cannot tell that leads arrive only now.
        per_minute = self.options.arrivals_per_minute
        if not per_minute:
            return
        interval_seconds = _SECONDS_PER_MINUTE / per_minute
        with self._lock:
            due = int((self.clock() - self._opened_at) / interval_seconds)
            dates = [int(self._opened_at + number * interval_seconds) for number in range(self._arrived + 1, due + 1)]
            self._arrived = max(self._arrived, due)
            arrived = list(self._generator.at(dates))
        if arrived:
            stores = [*self.accounts.values()] or [self.store]
            for number, store in enumerate(stores):
                if mine := arrived[number :: len(stores)]:
                    self._add(mine, store)

    def create_lead(self, request: dict[str, Any], account: str | None = None) -> str:
        """Create a lead from a valid request and return the request's id."""
        with self._lock:
            request_id = self._generator.lead_id()
            lead = created_lead(request, self._generator.lead_id(), self.now())
            self._created.append((account, request))
            self.posted.appendleft(Posted(self.clock(), request))
        self._add([lead], self.store_of(account))
        return request_id

    def refuse_lead(self, body: object, problems: Iterable[Violation]) -> None:
        """Record a request that was refused, and why."""
        self.posted.appendleft(Posted(self.clock(), body, tuple(problems)))

    def _add(self, leads: list[Lead], store: LeadStore) -> list[str]:
        # Replacing a lead does not make it new: an erasure triggers no webhook call.
        new = store.unknown(leads) if self.announce else []
        ids = store.add_all(leads)
        if new and self.announce:
            self.announce(new)
        return ids

    @property
    def created(self) -> list[dict[str, Any]]:
        """The requests that created leads, in order."""
        return [request for _, request in self._created]

    def created_for(self, account: str | None) -> list[dict[str, Any]]:
        """Return the requests that created leads of an agency, or of the client's own account."""
        return [request for owner, request in self._created if owner == account]

    @property
    def created_count(self) -> int:
        """How many requests created leads."""
        return len(self._created)

    def script(self, faults: Iterable[Fault]) -> None:
        """Replace the scripted faults."""
        self._faults = FaultScript(faults, error_rate=self.options.error_rate, rng=self._rng)

    @property
    def waiting_faults(self) -> list[tuple[Fault, int | None]]:
        """The scripted faults that can still hit a request, each with its remaining count; None means no end."""
        return self._faults.waiting

    def next_fault(self, method: str, path: str, *, is_api: bool, account: str | None) -> Fault | None:
        """Return the fault that hits this request, or None."""
        return self._faults.decide(method, path, is_api=is_api, account=account)

    def traceparent(self) -> str:
        """Return a new trace context for an error answer."""
        return new_traceparent(self._rng)


BACKEND = web.AppKey("backend", Backend)
