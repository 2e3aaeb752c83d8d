"""The client of the API: sessions, token, retries, limit and the meaning of answers, put together once."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import requests
import urllib3

from seeker_leads_api.auth.tokens import token_source, with_token
from seeker_leads_api.errors import AnswerLostError, RequestRejectedError, RetryableError, UnreadableAnswerError
from seeker_leads_api.http.outcomes import Answer, Outcome, Recovery, classify, raise_for
from seeker_leads_api.http.rate_limiter import Limit, RateLimiter
from seeker_leads_api.http.retries import Retrier
from seeker_leads_api.http.sessions import Sessions
from seeker_leads_api.http.transport_errors import classify_exception, may_have_arrived

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seeker_leads_api.http.rate_limiter import Limiter
    from seeker_leads_api.http.session import ApiSession
    from seeker_leads_api.settings import ConnectionSettings

T = TypeVar("T")

#: An answer to a POST is read up to about this size, in pieces of up to 64 KiB; the documented one has a hundred bytes.
_MOST_BODY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 16


class ApiClient:
    """Asks the API, from any number of threads.

    A request is one attempt, made within `limiter.attempt()` and handed to `retried`:

        def attempt(token: str) -> requests.Response:
            with client.limiter.attempt():
                return client.get("/leads", query, token=token)

        response = client.retried(attempt)

    The token comes before the permit, so that no permit is held while a token is requested. Clients of several accounts
    are given the same `sessions`, and the same `limiter` where one limit is for all.

    Raises:
        SettingsError: the environment names certificates that do not exist.
    """

    def __init__(  # noqa: PLR0913  # all but two have a default
        self,
        settings: ConnectionSettings,
        user_agent: str,
        *,
        report: Callable[[str], object],
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        limiter: Limiter | None = None,
        sessions: Sessions | None = None,
    ) -> None:
        self.limiter = limiter or new_limiter(settings, report=report, sleep=sleep, clock=clock)
        self._retrier = Retrier(settings.max_retries, report=report, sleep=sleep, pause_all=self.limiter.pause)
        self._settings = settings
        self._sessions = sessions or Sessions(user_agent)
        self._tokens = token_source(settings, self._sessions, self._retrier, report=report)
        self._sessions.of(settings.api_url)  # now, so that a wrong environment shows before anything is sent

    def retried(self, attempt: Callable[[str], T]) -> T:
        """Call `attempt` with the token to send, again after passing faults, and once with a new token.

        Raises:
            FatalError: the tries are used up, or the token is refused for good.
            Exception: any other error of `attempt`.
        """
        return self._retrier.call(with_token(self._connected(attempt), self._tokens))

    def _connected(self, attempt: Callable[[str], T]) -> Callable[[str], T]:
        """Return the attempt with its connection opened before the permit.

        Runs that share a limit rely on each other's requests to leave in time, and a handshake takes some round trips.
        """
        if self._settings.rate_limit_location is None:
            return attempt

        def connected(token: str) -> T:
            self._session.connect_ahead()
            return attempt(token)

        return connected

    def get(self, path: str, query: Mapping[str, object], *, token: str) -> requests.Response:
        """Make one GET; return an answer that was accepted, or a 404 in the API's own words.

        Raises:
            RetryableError: a passing fault (ThrottledError: the rate limit).
            TokenRefusedError: the token was refused.
            RequestRejectedError: a setting asks for what the API does not allow.
            FatalError: asking again cannot help.
        """
        session = self._session
        request = session.prepare_get(f"{self._settings.api_url}{path}", query)
        request.headers["Authorization"] = f"Bearer {token}"
        timeout_seconds = self._settings.request_timeout_seconds
        try:
            response = session.send(request, timeout=timeout_seconds)
        except requests.RequestException as error:
            raise classify_exception(error, f"GET {path}", timeout_seconds) from None
        raise_for(classify(Answer.of(response)), sent_token=token)
        return response

    def post(self, path: str, body: Mapping[str, Any], *, token: str) -> Answer:
        """Make one POST about a person; return the answer that accepts it.

        Raises:
            AnswerLostError, UnreadableAnswerError: it may have been carried out.
            RequestRejectedError: the API refuses this body.
            RetryableError, TokenRefusedError, FatalError: it was not carried out, and why.
        """
        outcome, answer = self._write("POST", path, body, token=token)
        if outcome.recovery is Recovery.NOT_FOUND:
            # The API's own 404 is about what the body names; that of a wrong URL is not of this form.
            raise RequestRejectedError(outcome.message, problems=outcome.problems, request_id=outcome.request_id)
        return answer

    def change(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, token: str) -> Answer:
        """Make one PUT or DELETE; return the answer that accepts it, or a 404 in the API's own words.

        Raises:
            AnswerLostError, UnreadableAnswerError: it may have been carried out.
            RequestRejectedError: the API refuses it.
            RetryableError, TokenRefusedError, FatalError: it was not carried out, and why.
        """
        _, answer = self._write(method, path, body, token=token)
        return answer

    def _write(self, method: str, path: str, body: Mapping[str, Any] | None, *, token: str) -> tuple[Outcome, Answer]:
        request = requests.Request(
            method,
            f"{self._settings.api_url}{path}",
            data=None if body is None else msgspec.json.encode(body),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )
        answer = self._send_once(self._session.prepare_request(request), f"{method} {path}")
        # What the API says of a body may quote it: a person's data, or a key.
        outcome = classify(answer, is_about_a_person=True)
        if outcome.may_be_done:
            raise AnswerLostError(outcome.message, retry_after_seconds=outcome.retry_after_seconds)
        raise_for(outcome, sent_token=token)
        return outcome, answer

    def close(self) -> None:
        """Close the connections of all threads, and leave a shared limit."""
        self.limiter.close()
        self._sessions.close()

    def _send_once(self, prepared: requests.PreparedRequest, shown: str) -> Answer:
        timeout_seconds = self._settings.request_timeout_seconds
        try:
            # Streamed, so that the status counts even where the body breaks off.
            response = self._session.send(prepared, stream=True, timeout=timeout_seconds)
        except (requests.RequestException, ValueError, urllib3.exceptions.HTTPError) as error:
            meaning = classify_exception(error, shown, timeout_seconds)
            if not may_have_arrived(error):
                raise meaning from None
            if isinstance(meaning, RetryableError):
                raise AnswerLostError(str(meaning)) from None
            msg = (
                f"{shown}: the answer cannot be read ({type(error).__name__}). Check `api_url`, and proxies in between"
            )
            raise UnreadableAnswerError(msg) from None
        with closing(response):
            body, is_whole = _body(response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(shown, response.status_code, headers, body, is_whole)

    @property
    def _session(self) -> ApiSession:
        return self._sessions.of(self._settings.api_url)


def new_limiter(  # time and output are injected
    settings: ConnectionSettings,
    *,
    report: Callable[[str], object],
    label: str | None = None,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Limiter:
    """Return the limit that the settings give: of this process, or shared with others.

    A shared one is that of the account with this label, or of the client where there is no label.
    """
    limit = Limit(settings.rate_limit_requests, settings.rate_limit_period_seconds, settings.max_concurrent_requests)
    if settings.rate_limit_location is None:
        return RateLimiter(limit.requests, limit.period_seconds, limit.at_once, clock=clock, sleep=sleep)
    # What it needs takes a while to import.
    from seeker_leads_api.http.shared_limit.limiter import SharedRateLimiter, limit_key  # noqa: PLC0415

    key = limit_key(settings.api_url, settings.credentials.client_id if settings.credentials else None, label)
    return SharedRateLimiter(settings.rate_limit_location, key, limit, report=report, clock=clock, sleep=sleep)


def _body(response: requests.Response) -> tuple[bytes, bool]:
    """Return the body as far as it came, and whether it came whole."""
    body = bytearray()
    # Where it breaks off, the status still says what became of the request, and what came shows what answered.
    # `iter_content` would keep that to itself: it waits for whole pieces.
    try:
        while len(body) < _MOST_BODY_BYTES and (piece := response.raw.read1(_PIECE_BYTES, decode_content=True)):
            body += piece
    except urllib3.exceptions.HTTPError:
        return bytes(body), False
    return bytes(body), True
