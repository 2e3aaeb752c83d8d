"""Which addresses the sandbox calls: a mistake in a subscription must not send requests to the outside world."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver as Resolver


class AddressRefusedError(OSError):
    """The host is not on this machine."""


def refuse_far_literal(url: str) -> None:
    """Check a host given as an IP address, which is never resolved.

    Raises:
        AddressRefusedError: the address is not on this machine.
    """
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if not address.is_loopback:
        raise AddressRefusedError


class LocalResolver(AbstractResolver):
    """Resolves names to addresses of this machine only."""

    def __init__(self, inner: Resolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host.

        Raises:
            AddressRefusedError: an address is not on this machine.
        """
        found = await self._inner.resolve(host, port, family)
        if not all(ipaddress.ip_address(each["host"]).is_loopback for each in found):
            raise AddressRefusedError
        return found

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()
