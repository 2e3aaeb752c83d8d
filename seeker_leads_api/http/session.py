"""HTTP sessions: one for each host and thread, with the required `User-Agent`."""

from __future__ import annotations

import contextlib
import os
import time
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import requests

from seeker_leads_api.errors import SettingsError
from seeker_leads_api.http.connections import BoundedAdapter
from seeker_leads_api.http.proxies import refuse_unfit_proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Bytes of a body read at once: a usual page of leads is a tenth of it.
_PIECE_BYTES = 1 << 20
#: Variables that name trusted certificates; the first that is set counts, as in `requests`.
_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
#: A larger body is not read, even if it was small in compressed form: a usual page of leads has a tenth of a MiB.
MAX_BODY_BYTES = 16 << 20
#: A connection that has been idle for longer is not used again: load balancers and NAT drop such connections, sometimes
#: silently, and the next request on one is lost or seems to be.
LONGEST_IDLE_SECONDS = 30.0
#: Time-out for opening a connection ahead; the request itself has the full time-out.
_AHEAD_TIMEOUT_SECONDS = 5.0


class AnswerTooLargeError(requests.RequestException):
    """The body of an answer is far larger than any valid one, compressed or not."""


class ApiSession(requests.Session):
    """A session for one base URL; environment variables are read once instead of with every request.

    It never follows redirects, so the token is not sent to other hosts, and a `.netrc` file cannot replace the token.
    Proxies and `REQUESTS_CA_BUNDLE` work as usual.

    Raises:
        SettingsError: that variable, or `CURL_CA_BUNDLE`, names a path that does not exist, or a proxy cannot work.
    """

    def __init__(
        self,
        base_url: str,
        user_agent: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._used_at = clock()
        self._is_connected = False
        self._base_url = base_url
        self.headers.update({"User-Agent": user_agent, "Accept": "application/json"})
        # No retries at this level: each attempt needs its own permit, and a POST must not be repeated blindly.
        adapter = self._adapter = BoundedAdapter(max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        environment = self.merge_environment_settings(base_url, {}, None, None, None)
        if urlsplit(base_url).scheme == "https":
            _refuse_missing(environment["verify"])
        refuse_unfit_proxy(base_url, environment["proxies"])
        self.proxies = environment["proxies"]
        self.verify = environment["verify"]
        self.cert = environment["cert"]
        self.trust_env = False
        # All accounts share this session: a cookie that the server sets for one must not go with another's request.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._prepared: dict[str, requests.PreparedRequest] = {}

    def prepare_get(self, url: str, query: Mapping[str, object]) -> requests.PreparedRequest:
        """Return a GET of a URL without a query; everything except the query is prepared only once."""
        blank = self._prepared.get(url)
        if blank is None:
            blank = self._prepared[url] = self.prepare_request(requests.Request("GET", url))
        request = blank.copy()
        request.url = f"{blank.url}?{urlencode(query)}"
        return request

    def connect_ahead(self) -> None:
        """Open the connection, unless it is open, so that the next request is sent without waiting for a handshake.

        An error is ignored here: the request will fail too, and report it.
        """
        if self._is_connected and self._clock() - self._used_at <= LONGEST_IDLE_SECONDS:
            return
        self.close()  # closes connections that may be too old
        with contextlib.suppress(Exception):
            self._adapter.connect_ahead(self, self._base_url, _AHEAD_TIMEOUT_SECONDS)
            self._used_at, self._is_connected = self._clock(), True

    def get_redirect_target(self, resp: requests.Response) -> None:  # the base's name
        """Return None: `requests` would parse the target although it is not followed, and fail on an invalid one."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401  # requests'
        """Send a request and read the whole body; with `stream`, the caller reads it.

        Raises:
            requests.RequestException: there is no complete answer.
        """
        if self._clock() - self._used_at > LONGEST_IDLE_SECONDS:
            self.close()  # closes the connections; the next request opens new ones
        self._is_connected = False
        response = super().send(request, **{**kwargs, "allow_redirects": False, "stream": True})
        if not kwargs.get("stream"):
            # Private, because `content` reads in pieces of 10 KiB, which costs a fifth of a request's time.
            response._content = _body(response)  # noqa: SLF001
        self._used_at, self._is_connected = self._clock(), True
        return response


def _refuse_missing(bundle: str | bool | None) -> None:  # noqa: FBT001  # what `requests` calls `verify`
    # `requests` reports this too, but with each request and as a bare OSError.
    if isinstance(bundle, str) and not os.path.exists(bundle):  # noqa: PTH110  # a `Path` fails on some names
        variable = next(name for name in _BUNDLE_VARIABLES if os.environ.get(name) == bundle)
        msg = f"`{variable}` in the environment names a file or folder that does not exist: correct or unset it"
        raise SettingsError(msg)


def _body(response: requests.Response) -> bytes:
    pieces, size = [], 0
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(response.close)
        try:
            for piece in response.iter_content(_PIECE_BYTES):
                pieces.append(piece)
                size += len(piece)
                if size > MAX_BODY_BYTES:
                    raise AnswerTooLargeError
        except ValueError as error:  # of http.client, for a chunk of a negative size
            raise requests.exceptions.ChunkedEncodingError(error) from error
        on_failure.pop_all()
    return b"".join(pieces)
