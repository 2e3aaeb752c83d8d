"""Checks the environment's proxies before the first request."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests.utils import select_proxy
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from seeker_leads_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_SOCKS = frozenset({"socks4", "socks4a", "socks5", "socks5h"})


def refuse_unfit_proxy(url: str, proxies: MutableMapping[str, str]) -> None:
    """Check the proxy for requests to a URL; the proxy's own URL is never shown, because it may contain a password.

    Raises:
        SettingsError: the proxy cannot work; names the variables that it comes from.
    """
    proxy = select_proxy(url, proxies)
    if not proxy:
        return
    names = proxy_variables(url)
    try:
        # Like `requests`, treat a proxy without a scheme as an HTTP proxy.
        parts = parse_url(proxy if "://" in proxy else f"http://{proxy}")
    except LocationParseError:
        parts = None
    if parts is None or not parts.host or parts.scheme not in {"http", "https", *_SOCKS}:
        msg = f"The proxy of {names} in the environment is not a URL of the form http://host:port: correct or unset it"
        raise SettingsError(msg)
    if parts.scheme in _SOCKS and find_spec("socks") is None:
        msg = f"The proxy of {names} in the environment is a SOCKS proxy, which needs the package `pysocks`: install it"
        raise SettingsError(msg)


def proxy_variables(url: str) -> str:
    """Return the names of the variables that can set a URL's proxy."""
    return f"{urlsplit(url).scheme.upper()}_PROXY or ALL_PROXY"
