"""A sandbox in this process: served by its own thread, by default only to this machine."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from seeker_leads_sandbox.api.access_log import ACCESS_LOG, ERROR_LOG, AccessLog
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
    """A running sandbox; leaving `with Sandbox.start(...) as sandbox:` stops it, and so does `stop()`."""

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
        """Return a sandbox that already answers; port 0 means any free port.

        If `host` is not an address of this machine only, other machines can see and do everything.

        Raises:
            OSError: the port or the host is not available.
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
        """Stop the server and its thread; a second call does nothing."""
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
        """The API's base URL for clients, which is also the audience."""
        return self.url + API_BASE

    @property
    def token_url(self) -> str:
        """The URL to request tokens from."""
        return self.url + TOKEN_PATH

    @property
    def admin_url(self) -> str:
        """The base of the sandbox's own endpoints."""
        return self.url + ADMIN_BASE

    @property
    def options(self) -> SandboxOptions:
        """How this sandbox behaves."""
        return self._backend.options

    @property
    def access_log(self) -> logging.Logger:
        """Logs requests at INFO: method, path, status and milliseconds, without query, headers or body."""
        return ACCESS_LOG

    @property
    def store(self) -> LeadStore:
        """The account's leads."""
        return self._backend.store

    @property
    def leads(self) -> int:
        """How many leads there are, in all accounts."""
        return self._backend.leads

    @property
    def statistics(self) -> Statistics:
        """Statistics about the clients' requests."""
        return self._backend.statistics

    @property
    def created(self) -> list[dict[str, Any]]:
        """The bodies of the POSTs that created leads, in order, whether or not the answer arrived."""
        return self._backend.created

    @property
    def issued_tokens(self) -> list[str]:
        """Every token issued, oldest first."""
        return self._backend.tokens.issued

    def created_for(self, account: str) -> list[dict[str, Any]]:
        """Return the bodies of the POSTs that created leads of an agency."""
        return self._backend.created_for(account)

    def store_of(self, account: str) -> LeadStore:
        """Return the leads of an agency.

        Raises:
            ValueError: the agency does not exist.
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
        """Add `count` leads dated now, one for each date (Unix seconds), and the given ones; return their ids.

        They belong to `account`, an agency's `intermediary_id`, or to the client's own account.

        Raises:
            ValueError: the agency does not exist, or a given lead is not valid.
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
        """Erase the people of the given leads and of `count` random others; return the leads' ids.

        With `call_details=False`, a call's phone number stays.

        Raises:
            ValueError: nothing was requested, a lead does not exist, or too few leads are left to erase.
        """
        return self._backend.erase(count, lead_ids=lead_ids, call_details=call_details, account=account)

    def script(self, *faults: Fault) -> None:
        """Replace the scripted faults; without arguments, remove all faults."""
        self._backend.script(faults)

    @property
    def waiting_faults(self) -> list[tuple[Fault, int | None]]:
        """The scripted faults that can still hit a request, each with its remaining count; None means no end."""
        return self._backend.waiting_faults

    def revoke_tokens(self) -> None:
        """Revoke every token issued so far and the static one."""
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
            logger=ERROR_LOG,
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
