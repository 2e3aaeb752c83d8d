"""URLs of subscriptions: checked, compared, and shown without what may be a key."""

from __future__ import annotations

from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from seeker_leads_api.errors import SettingsError
from seeker_leads_api.urls import is_this_machine

#: Replaced by the key in a URL on a command line, which other users can see.
_PLACEHOLDER = "{key}"
_DEFAULT_PORTS = {"https": 443, "http": 80}


def wanted_url(url: str, key: str | None) -> str:
    """Return the URL to subscribe, with the key in place of `{key}`.

    Raises:
        SettingsError: the vendor cannot call the URL, or the key would be sent unencrypted.
    """
    if _PLACEHOLDER in url:
        if key is None:
            msg = "The URL contains {key}, but SEEKER_LEADS_WEBHOOK_API_KEY is not set: set it"
            raise SettingsError(msg)
        url = url.replace(_PLACEHOLDER, quote(key, safe=""))
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = SplitResult("", "", "", "", ""), None
    if parts.scheme not in _DEFAULT_PORTS or not host or not url.isascii() or " " in url:
        msg = "The URL must be complete and plain ASCII, in the form https://host/path"
        raise SettingsError(msg)
    if parts.username is not None or parts.fragment:
        msg = "The URL must not contain a user name or a fragment"
        raise SettingsError(msg)
    if parts.scheme == "http" and not is_this_machine(host):
        msg = "The URL uses plain http, so the key would be sent unencrypted: use https"
        raise SettingsError(msg)
    return url


def same_url(one: str, other: str) -> bool:
    """Return whether two URLs are equal, ignoring the case of scheme and host, and default ports."""
    return _normal(one) == _normal(other)


def shown_url(url: str) -> str:
    """Return the URL without user name and query, which may contain a key."""
    scheme, slashes, rest = url.partition("://") if "://" in url else ("", "", url)
    rest, question_mark, _ = rest.partition("#")[0].partition("?")
    host, slash, path = rest.partition("/")
    text = f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}{'?…' if question_mark else ''}"
    return "".join(char if char.isprintable() else " " for char in text)


def _normal(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    host = parts.hostname or ""
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    return urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
