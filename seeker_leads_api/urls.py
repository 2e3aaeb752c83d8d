"""Checks the URLs of settings."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit

import requests

from seeker_leads_api.errors import SettingsError


@lru_cache(maxsize=16)  # accounts share theirs
def checked_url(name: str, url: str) -> str:
    """Return the URL of a setting if it is safe for the token: https, or http on this machine.

    Raises:
        SettingsError: it is not; names the setting.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        msg = f"`{name}` is not a URL: give it in the form https://host/path"
        raise SettingsError(msg) from None
    if parts.scheme not in {"http", "https"} or not host:
        msg = f"`{name}` must be a complete URL with its scheme, in the form https://host/path"
        raise SettingsError(msg)
    if parts.username is not None or parts.query or parts.fragment:
        msg = f"`{name}` must not contain a user name, a query or a fragment: give it in the form https://host/path"
        raise SettingsError(msg)
    if parts.scheme == "http" and not is_this_machine(host):
        msg = f"`{name}` uses plain http, so the token would be sent unencrypted: use https"
        raise SettingsError(msg)
    if not _can_exist(url, host):
        msg = f"`{name}` has an invalid host name: give it in the form https://host/path"
        raise SettingsError(msg)
    return url


def _can_exist(url: str, host: str) -> bool:
    try:
        requests.Request("GET", url).prepare()
        host.encode("idna")  # as the connection does
    except ValueError:  # which `requests` also raises for an invalid URL
        return False
    return " " not in host  # older versions of `requests` accept it


def is_this_machine(host: str) -> bool:
    """Return whether a host name or address is that of this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
