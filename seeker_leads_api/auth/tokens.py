"""Where a bearer token comes from: set by the user, or requested with client credentials and cached on disk."""

from __future__ import annotations

import re
import threading
import time
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import backoff
import requests
from platformdirs import user_cache_path

from seeker_leads_api.auth.token_cache import FileTokenCache, Token, cache_path
from seeker_leads_api.credentials import is_token
from seeker_leads_api.errors import FatalError, RetryableError, TokenRefusedError
from seeker_leads_api.http.outcomes import Answer, Recovery, classify, json_object
from seeker_leads_api.http.transport_errors import classify_exception
from seeker_leads_api.private_files import user_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from seeker_leads_api.credentials import ClientCredentials
    from seeker_leads_api.http.retries import Retrier
    from seeker_leads_api.http.sessions import Sessions
    from seeker_leads_api.settings import ConnectionSettings

T = TypeVar("T")

#: A token is replaced this long before it expires, or a tenth of its lifetime before if that is shorter.
RENEWAL_LEEWAY_SECONDS = 300.0
DEFAULT_LIFE_SECONDS = 86_400  # if the answer has no `expires_in`
_LONGEST_LIFE_SECONDS = 365 * 86_400

_OAUTH_ERROR = re.compile(r"[a-z_]{1,40}")


class TokenSource(Protocol):
    """Provides the token to send."""

    def token(self) -> str:
        """Return the token to send now."""

    def renew(self, refused_token: str) -> None:
        """Make sure that `token` no longer returns the refused token.

        Raises:
            FatalError: there is no other token.
        """


def with_token(attempt: Callable[[str], T], source: TokenSource) -> Callable[[], T]:
    """Return a function that calls `attempt` with the current token and replaces a refused token once, without delay.

    The function may be called repeatedly, for retries: it requests at most one new token overall.

    Raises (from the returned function):
        FatalError: a new token was refused too, or there is no other token.
    """
    is_renewed = False

    def renew(details: Any) -> None:  # noqa: ANN401  # backoff's type is private
        nonlocal is_renewed
        is_renewed = True
        refusal: TokenRefusedError = details["exception"]
        try:
            source.renew(refusal.refused_token)
        except FatalError as failure:
            # The API's reason for refusing the old token is more useful than the error that no new one is available.
            msg = f"{refusal}. {failure}"
            raise FatalError(msg) from None

    return backoff.on_exception(
        backoff.constant,
        TokenRefusedError,
        interval=0,
        jitter=None,
        max_tries=2,
        giveup=lambda _: is_renewed,
        on_backoff=renew,
        on_giveup=_give_up,
        logger=None,
    )(lambda: attempt(source.token()))


def _give_up(details: Any) -> None:  # noqa: ANN401  # backoff's type is private
    raise FatalError(str(details["exception"]))


class GivenToken:
    """The token of the setting `auth_token`; it cannot be renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """Return the given token."""
        return self._token

    def renew(self, refused_token: str) -> None:  # noqa: ARG002  # the protocol's
        """Refuse: only the user has another token.

        Raises:
            FatalError: always.
        """
        msg = "The token of `auth_token` cannot be renewed: set a new one, or use `client_id` and `client_secret`"
        raise FatalError(msg)


class ClientCredentialsToken:
    """Tokens of the OAuth 2.0 client credentials grant; all threads and processes share one for its whole lifetime.

    The vendor counts token requests, so one is made only if the stored token is missing, expiring or refused.
    """

    def __init__(
        self,
        credentials: ClientCredentials,
        request_token: Callable[[], Mapping[str, Any]],
        cache: FileTokenCache | None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._credentials = credentials
        self._request_token = request_token
        self._cache = cache
        self._clock = clock
        self._turn = threading.Lock()
        self._current: Token | None = None
        self._failure: Exception | None = None

    def token(self) -> str:
        """Return a token that is not about to expire; request one only if none is stored."""
        current = self._current
        if current is not None and current.renew_at > self._clock():
            return current.value
        return self._replace(refused_token=None)

    def renew(self, refused_token: str) -> None:
        """Replace the refused token, unless another thread or process already has."""
        self._replace(refused_token=refused_token)

    def _replace(self, refused_token: str | None) -> str:
        with self._turn, self._cache.exclusive() if self._cache else nullcontext():
            if self._failure is not None:  # the run is ending: without this, each of its threads would try in vain
                raise self._failure
            for kept in (self._current, self._cache.load() if self._cache else None):
                if kept is not None and kept.renew_at > self._clock() and kept.value != refused_token:
                    self._current = kept
                    return kept.value
            try:
                answer = self._request_token()
            except Exception as error:  # a fatal error, or the StopOrder that ended a wait between tries
                self._failure = error
                raise
            life_seconds = _life_seconds(answer)
            leeway_seconds = min(RENEWAL_LEEWAY_SECONDS, life_seconds / 10)
            token = Token(value=answer["access_token"], renew_at=self._clock() + life_seconds - leeway_seconds)
            if self._cache:
                self._cache.store(token)
            self._current = token
            return token.value


def token_source(
    settings: ConnectionSettings,
    sessions: Sessions,
    retrier: Retrier,
    *,
    report: Callable[[str], object],
) -> TokenSource:
    """Return the token source for these settings; temporary faults of its token requests are retried."""
    if settings.credentials is None:
        return GivenToken(settings.auth_token or "")
    credentials = settings.credentials
    cache = None
    if settings.token_cache:
        if path := _cache_file(credentials):
            cache = FileTokenCache(path, report=report, sleep=retrier.sleep)
        else:
            report("The token cache cannot be used: this user has no home folder; set XDG_CACHE_HOME to a folder")
    sessions.of(credentials.auth_url)  # here, so that a wrong environment is reported before anything is sent
    request = partial(_request_token, credentials, sessions, settings.request_timeout_seconds)
    return ClientCredentialsToken(credentials, partial(retrier.call, request), cache)


def kept_token(credentials: ClientCredentials) -> Token | None:
    """Return the stored token for these credentials, valid or not, without any request."""
    path = _cache_file(credentials)
    return FileTokenCache(path, report=lambda _: None).load() if path else None


def _cache_file(credentials: ClientCredentials) -> Path | None:
    folder = user_folder(user_cache_path)
    return cache_path(folder, credentials) if folder else None


def _request_token(credentials: ClientCredentials, sessions: Sessions, timeout_seconds: float) -> Mapping[str, Any]:
    asked = {
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "grant_type": "client_credentials",
        "audience": credentials.audience,
    }
    if credentials.intermediary_id is not None:
        asked["intermediary_id"] = credentials.intermediary_id
    try:
        response = sessions.of(credentials.auth_url).post(
            credentials.auth_url, json=asked, timeout=timeout_seconds, allow_redirects=False
        )
    except requests.RequestException as error:
        raise classify_exception(error, "POST /token", timeout_seconds) from None
    answer = Answer.of(response)
    outcome, body = classify(answer), json_object(answer)
    if outcome.recovery in {Recovery.RETRY, Recovery.SLOW_DOWN}:
        raise RetryableError(outcome.message, retry_after_seconds=outcome.retry_after_seconds)
    if outcome.recovery is not Recovery.ACCEPT:
        msg = (
            f"No token from `auth_url`: it answered {answer.status}{_oauth_error(body)}. Check `client_id`,"
            " `client_secret`, `intermediary_id`, `environment` and `auth_url`"
        )
        raise FatalError(msg)
    if not is_token(body.get("access_token")):
        msg = "POST /token: the answer has no `access_token`"
        raise RetryableError(msg)
    return body


def _oauth_error(body: Mapping[str, Any]) -> str:
    """Return the RFC 6749 error code, which is a fixed word; its description is free text and stays hidden."""
    code = body.get("error")
    return f" ({code})" if isinstance(code, str) and _OAUTH_ERROR.fullmatch(code) else ""


def _life_seconds(answer: Mapping[str, Any]) -> float:
    life = answer.get("expires_in")
    if isinstance(life, str) and life.isascii() and life.isdigit():
        life = float(life)  # RFC 6749 says a number, but some servers send a string
    if isinstance(life, (int, float)) and not isinstance(life, bool) and life > 0:
        return float(min(life, _LONGEST_LIFE_SECONDS))
    return float(DEFAULT_LIFE_SECONDS)
