"""Authenticates calls: a caller must send the key, or sign the body with it. The content of a body is never read."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from seeker_leads_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SIGNATURE_HEADER = "X-Signature"
_QUERY_NAME = "key"
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_SIGNATURE = re.compile(r"(?:sha256=)?([0-9a-f]{64})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Auth:
    """The places in which the key is accepted."""

    any_header: bool = False
    header: str | None = None  #: only this one
    query: bool = False
    signature: bool = False

    @classmethod
    def parse(cls, text: str) -> Auth:
        """Read `any`, `header:NAME`, `query` or `signature`.

        Raises:
            SettingsError: the text is none of these.
        """
        kind, _, name = text.partition(":")
        if kind == "header" and _HEADER_NAME.fullmatch(name):
            return cls(header=name)
        if text not in _AUTHS:
            msg = "`--auth` must be any, header:NAME, query or signature"
            raise SettingsError(msg)
        return _AUTHS[text]


_AUTHS = {
    "any": Auth(any_header=True, query=True, signature=True),
    "query": Auth(query=True),
    "signature": Auth(signature=True),
}


@dataclass(frozen=True, slots=True)
class Call:
    """The parts of a request that are checked before its body is read."""

    headers: Sequence[tuple[str, str]]
    query: str  #: not decoded


def place_of_key(call: Call, auth: Auth, keys: Sequence[bytes]) -> str | None:
    """Return where the call contains one of the keys, as a value of `--auth`; None if it contains none."""
    found = [place for place, shown in _shown(call, auth) if _is_any(shown, keys)]
    return found[0] if found else None


def claimed_signature(call: Call, auth: Auth) -> str | None:
    """Return the signature that the call gives for its body; None without one, or if signatures are not accepted."""
    if not auth.signature:
        return None
    values = [value for name, value in call.headers if name.lower() == SIGNATURE_HEADER.lower()]
    matched = _SIGNATURE.fullmatch(values[0].strip()) if len(values) == 1 else None
    return matched[1].lower() if matched else None


class Signature:
    """The HMAC-SHA256 of a body under each of the keys, computed as the body arrives."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._digests = [hmac.new(key, digestmod="sha256") for key in keys]

    def add(self, piece: bytes) -> None:
        """Add the next piece of the body."""
        for digest in self._digests:
            digest.update(piece)

    def is_(self, claimed: str) -> bool:
        """Return whether the signature that the call claims is one of them."""
        found = [hmac.compare_digest(claimed, digest.hexdigest()) for digest in self._digests]
        return any(found)  # a list, so that all are compared


def _shown(call: Call, auth: Auth) -> Iterable[tuple[str, bytes]]:
    for name, value in call.headers:
        if auth.any_header or (auth.header is not None and name.lower() == auth.header.lower()):
            shown = value.strip()
            yield f"header:{name}", _bytes(shown)
            yield f"header:{name}", _bytes(shown.partition(" ")[2].strip())  # after `Bearer`, `ApiKey` or the like
    if auth.query:
        for pair in call.query.split("&"):
            name, _, value = pair.partition("=")
            if name == _QUERY_NAME:
                # A key may contain a plus or a percent sign, and not every sender encodes them.
                yield "query", _bytes(value)
                yield "query", unquote_to_bytes(value)


def _is_any(shown: bytes, keys: Sequence[bytes]) -> bool:
    return any([hmac.compare_digest(shown, key) for key in keys])  # noqa: C419  # a list, so that all are compared


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
