"""A sandbox in this process: served by a thread of its own, to this machine only unless it is told otherwise."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from seeker_leads_sandbox.api.access_log import ACCESS_LOG, AccessLog
from seeker_leads_sandbox.api.app import build_app
from seeker_leads_sandbox.api.routes import ADMIN_BASE, API_BASE, TOKEN_PATH
from seeker_leads_sandbox.backend import Backend
from seeker_leads_sandbox.calls.caller import Caller
from seeker_leads_sandbox.options import HOST, SandboxOptions

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from typing_extensions import Self

    from seeker_leads_sandbox.data.request_log import Statistics
    from seeker_leads_sandbox.data.store import Lead, LeadStore
    from seeker_leads_sandbox.faults.faults import Fault

_ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  # compared, not listened on
_SHUTDOWN_SECONDS = 1.0


class Sandbox:
    """A running sandbox; `with Sandbox.start(...) as sandbox:` ends it, or `stop()` does."""

    def __init__(self, backend: Backend, listener: socket.socket) -> None:
        self._backend = backend
        self._listener = listener
        self._address, self._port = listener.getsockname()[:2]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="seeker-leads-sandbox", daemon=True)

    @classmethod
    def start(
        cls,
        options: SandboxOptions | None = None,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        port: int = 0,
        host: str = HOST,
    ) -> Self:
        """Return a sandbox that answers already; port 0 is any free one.

        With a `host` that is not this machine's own, other machines can see and do everything.

        Raises:
            OSError: the port or the host cannot be had.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=256)
        try:
            backend = Backend(options or SandboxOptions(), clock=clock, monotonic=monotonic)
            backend.host = host
            backend.fill()
        except BaseException:
            listener.close()
            raise
        sandbox = cls(backend, listener)
        sandbox._thread.start()
        sandbox._ready.wait()
        return sandbox

    def stop(self) -> None:
        """End the server and its thread; a second call does nothing."""
        if self._thread.is_alive() and self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The root of the server."""
        host = HOST if self._backend.host in _ANY_ADDRESS else self._backend.host
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def is_reachable_from_outside(self) -> bool:
        """Whether other machines can connect to it."""
        return not ipaddress.ip_address(self._address).is_loopback

    @property
    def api_url(self) -> str:
        """What a client takes as the API's base URL, and as the audience."""
        return self.url + API_BASE

    @property
    def token_url(self) -> str:
        """Where tokens are asked for."""
        return self.url + TOKEN_PATH

    @property
    def admin_url(self) -> str:
        """The base of the endpoints that only a sandbox has."""
        return self.url + ADMIN_BASE

    @property
    def options(self) -> SandboxOptions:
        """How this sandbox behaves."""
        return self._backend.options

    @property
    def access_log(self) -> logging.Logger:
        """Where requests are logged at INFO: method, path, status, milliseconds; no query, no header and no body."""
        return ACCESS_LOG

    @property
    def store(self) -> LeadStore:
        """The leads of the account."""
        return self._backend.store

    @property
    def leads(self) -> int:
        """How many leads there are, in all accounts."""
        return self._backend.leads

    @property
    def statistics(self) -> Statistics:
        """What clients did so far."""
        return self._backend.statistics

    @property
    def created(self) -> list[dict[str, Any]]:
        """The bodies of the POSTs that became leads, in order, whether or not the answer arrived."""
        return self._backend.created

    @property
    def issued_tokens(self) -> list[str]:
        """Every token that was asked for, oldest first."""
        return self._backend.tokens.issued

    def created_for(self, account: str) -> list[dict[str, Any]]:
        """Return the bodies of the POSTs that became leads of an agency."""
        return self._backend.created_for(account)

    def store_of(self, account: str) -> LeadStore:
        """Return the leads of an agency.

        Raises:
            ValueError: there is no such agency.
        """
        return self._backend.store_of(account)

    def add_leads(
        self,
        count: int = 0,
        *,
        ingestion_dates: Iterable[int] = (),
        leads: Iterable[Lead] = (),
        account: str | None = None,
    ) -> list[str]:
        """Put leads in: `count` of now, one for each date (Unix seconds), and given ones; return their ids.

        They are those of `account`, an agency's `intermediary_id`, or of the client's own.

        Raises:
            ValueError: there is no such agency, or a given lead is none.
        """
        return self._backend.add_leads(count, ingestion_dates=ingestion_dates, leads=leads, account=account)

    def erase(
        self,
        count: int = 0,
        *,
        lead_ids: Iterable[str] = (),
        call_details: bool = True,
        account: str | None = None,
    ) -> list[str]:
        """Erase the people of given leads and of `count` others, chosen at random; return the leads' ids.

        With `call_details=False`, the number of a call stays.

        Raises:
            ValueError: there is no lead of such an id, or there are too few whose people are not erased yet.
        """
        return self._backend.erase(count, lead_ids=lead_ids, call_details=call_details, account=account)

    def script(self, *faults: Fault) -> None:
        """Replace the faults to come; none ends all faults."""
        self._backend.script(faults)

    def revoke_tokens(self) -> None:
        """Make every token of before now worthless, the static one too."""
        self._backend.tokens.revoke_all()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._listener.close()
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        runner = web.AppRunner(
            build_app(self._backend),
            access_log=ACCESS_LOG,
            access_log_class=AccessLog,
            shutdown_timeout=_SHUTDOWN_SECONDS,
        )
        await runner.setup()
        try:
            async with Caller(self._backend).calling():
                await web.SockSite(runner, self._listener).start()
                self._ready.set()
                await self._stop.wait()
        finally:
            await runner.cleanup()
