"""A receiver in a separate thread, and calls to it over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import threading
from typing import TYPE_CHECKING, Any

from seeker_leads_webhooks.receiver.app import Receiver
from seeker_leads_webhooks.receiver.authentication import Auth

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY, PREVIOUS = "right-key-0123456789", "previous-key-987654321"
#: A lead that a call may contain: no part of it may ever be logged.
BODY = b'{"leadId": "1", "contactRequest": {"lastName": "Quastenflosser", "email": "q@example.com"}}'


class Called:
    """Counts the calls that a receiver accepts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@contextlib.contextmanager
def receiving(called: Called, auth: str = "any", **options: Any) -> Iterator[int]:
    """Run a receiver with both keys; yield its port."""
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    ports: list[int] = []
    keys = (KEY.encode(), PREVIOUS.encode())
    receiver = Receiver(Auth.parse(auth), keys, on_call=called, health=lambda: {"status": "ok"}, **options)

    async def serve() -> None:
        async with receiver.listening("127.0.0.1", 0) as port:
            ports.append(port)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    try:
        assert ready.wait(10)
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def call(
    port: int, path: str = "/", *, method: str = "POST", body: Any = BODY, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Make a call; return the status and body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
