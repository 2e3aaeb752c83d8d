"""Calls subscribers for each new lead, as unreliably as the options say."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.resolver import ThreadedResolver

from seeker_leads_sandbox.calls.addresses import AddressRefusedError, LocalResolver, refuse_far_literal
from seeker_leads_sandbox.calls.form import outgoing_call

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence

    from seeker_leads_sandbox.backend import Backend
    from seeker_leads_sandbox.calls.form import OutgoingCall
    from seeker_leads_sandbox.data.store import Lead

_ARRIVALS_EVERY_SECONDS = 0.25
_LONGEST_HOLD_SECONDS = 1.0
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_MAX_CONNECTIONS = 50


class Caller:
    """Runs in the server's loop; `announce` may be called from any thread."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._options = backend.options
        self._rng = random.Random(backend.options.seed)  # noqa: S311  # reproducible on purpose
        self._tasks: set[asyncio.Task[None]] = set()
        self._went_out = asyncio.Event()  # replaced each time a call goes out
        self._session: aiohttp.ClientSession | None = None

    @contextlib.asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Call subscribers while the context is open."""
        loop = asyncio.get_running_loop()
        resolver = ThreadedResolver() if self._options.webhook_any_host else LocalResolver(ThreadedResolver())
        connector = aiohttp.TCPConnector(limit=_MAX_CONNECTIONS, resolver=resolver, use_dns_cache=False)
        # No proxies and no cookies: a call is exactly one request to the subscription's URL.
        async with aiohttp.ClientSession(
            connector=connector, timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
        ) as self._session:
            self._backend.announce = lambda leads: loop.call_soon_threadsafe(self.announce, leads)
            if self._options.arrivals_per_minute:
                self._start(self._add_due_leads())
            try:
                yield
            finally:
                self._backend.announce = None
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def announce(self, leads: Sequence[Lead]) -> None:
        """Start to call every active subscriber for each of these leads."""
        for subscription in self._backend.subscriptions.all():
            if subscription.status == "ACTIVE":
                for lead in leads:
                    if self._draw(self._options.webhook_loss):
                        continue
                    for _ in range(2 if self._draw(self._options.webhook_double) else 1):
                        self._start(self._deliver(subscription.subscription_id, lead))

    async def _deliver(self, subscription_id: str, lead: Lead) -> None:
        options, subscriptions = self._options, self._backend.subscriptions
        await asyncio.sleep(options.webhook_delay_ms / 1000)
        if self._draw(options.webhook_reorder):
            await self._wait_for_another()
        wait_seconds = options.webhook_retry_wait_ms / 1000
        for attempt in range(1, options.webhook_attempts + 1):
            subscription = subscriptions.get(subscription_id)
            if subscription is None or subscription.status != "ACTIVE":
                return
            call = outgoing_call(subscription, lead, options, self._backend.clock())
            answer = await self._answer(call)
            self._went_out.set()
            self._went_out = asyncio.Event()
            is_success = isinstance(answer, int) and 200 <= answer < 300  # noqa: PLR2004  # what 2xx means
            subscriptions.record(
                subscription_id, answer, attempt, self._backend.clock(), max_failures=options.webhook_max_failures
            )
            if is_success:
                return
            await asyncio.sleep(wait_seconds)
            wait_seconds *= 2

    async def _answer(self, call: OutgoingCall) -> int | str:
        """Return the answer's status, or a word that says why there is no answer."""
        if self._session is None:
            return "NOT_CALLING"
        try:
            if not self._options.webhook_any_host:
                refuse_far_literal(call.url)
            async with self._session.post(
                call.url, data=call.body, headers=call.headers, allow_redirects=False
            ) as response:
                return response.status
        except AddressRefusedError:
            return "ADDRESS_REFUSED"
        except asyncio.TimeoutError:
            return "TIMEOUT"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            is_refused = isinstance(getattr(error, "os_error", None), AddressRefusedError)
            return "ADDRESS_REFUSED" if is_refused else "NO_ANSWER"

    async def _wait_for_another(self) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._went_out.wait(), _LONGEST_HOLD_SECONDS)

    async def _add_due_leads(self) -> None:
        # Without subscribers, leads need to arrive only when a request comes in.
        while True:
            await asyncio.sleep(_ARRIVALS_EVERY_SECONDS)
            self._backend.add_due_leads()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _draw(self, probability: float) -> bool:
        return bool(probability) and self._rng.random() < probability
