"""The API client: combines sessions, token, retries, rate limit and the meaning of answers."""

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

#: About this much of the answer to a POST is read, in pieces of up to 64 KiB; the documented answer has 100 bytes.
_MAX_BODY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 16


class ApiClient:
    """Makes requests to the API; can be used by any number of threads.

    A request is one attempt, made within `limiter.attempt()` and passed to `retried`:

        def attempt(token: str) -> requests.Response:
            with client.limiter.attempt():
                return client.get("/leads", query, token=token)

        response = client.retried(attempt)

    The token is requested before the permit, so that no permit is held during a token request. Clients of several
    accounts share `sessions`, and share `limiter` if one limit applies to all of them.

    Raises:
        SettingsError: the environment names certificates that do not exist, or an unusable proxy.
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
        self._sessions.of(settings.api_url)  # here, so that a wrong environment is reported before anything is sent

    def retried(self, attempt: Callable[[str], T]) -> T:
        """Call `attempt` with the current token; repeat it after temporary faults, and once with a new token.

        Raises:
            FatalError: the retries are used up, or the API refuses a new token too.
            Exception: any other error of `attempt`.
        """
        return self._retrier.call(with_token(self._connected(attempt), self._tokens))

    def _connected(self, attempt: Callable[[str], T]) -> Callable[[str], T]:
        """Return the attempt, with its connection opened before the permit is taken.

        Runs with a shared limit rely on each other to send requests in time, and a handshake takes some round trips.
        """
        if self._settings.rate_limit_location is None:
            return attempt

        def connected(token: str) -> T:
            self._session.connect_ahead()
            return attempt(token)

        return connected

    def get(self, path: str, query: Mapping[str, object], *, token: str) -> requests.Response:
        """Make one GET; return an accepted answer, or a 404 that comes from the API itself.

        Raises:
            RetryableError: a temporary fault (ThrottledError: the rate limit).
            TokenRefusedError: the token was refused.
            RequestRejectedError: a setting requests something that the API does not allow.
            FatalError: a retry cannot help.
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
        """Make one POST about a person; return the accepted answer.

        Raises:
            AnswerLostError, UnreadableAnswerError: the API may have processed the request.
            RequestRejectedError: the API refuses this body.
            RetryableError, TokenRefusedError, FatalError: the API did not process the request, and why.
        """
        outcome, answer = self._write("POST", path, body, token=token)
        if outcome.recovery is Recovery.NOT_FOUND:
            # The API's own 404 is about something in the body; the 404 of a wrong URL has another form.
            raise RequestRejectedError(outcome.message, problems=outcome.problems, request_id=outcome.request_id)
        return answer

    def change(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, token: str) -> Answer:
        """Make one PUT or DELETE; return the accepted answer, or a 404 that comes from the API itself.

        Raises:
            AnswerLostError, UnreadableAnswerError: the API may have processed the request.
            RequestRejectedError: the API refuses the request.
            RetryableError, TokenRefusedError, FatalError: the API did not process the request, and why.
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
        # The API's error text may quote the body: personal data or a key.
        outcome = classify(answer, is_about_a_person=True)
        if outcome.may_be_processed:
            raise AnswerLostError(outcome.message, retry_after_seconds=outcome.retry_after_seconds)
        raise_for(outcome, sent_token=token)
        return outcome, answer

    def close(self) -> None:
        """Close the connections of all threads, and leave a shared limit."""
        self.limiter.close()
        self.close_connections()

    def close_connections(self) -> None:
        """Close the connections of all threads; other clients may share them."""
        self._sessions.close()

    def _send_once(self, prepared: requests.PreparedRequest, shown: str) -> Answer:
        timeout_seconds = self._settings.request_timeout_seconds
        try:
            # Streamed, so that the status counts even if the body breaks off.
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
    """Return the limit of the settings: for this process, or shared with others.

    A shared one is that of the account with this label, or of the client where there is no label.
    """
    limit = Limit(settings.rate_limit_requests, settings.rate_limit_period_seconds, settings.max_concurrent_requests)
    if settings.rate_limit_location is None:
        return RateLimiter(limit.requests, limit.period_seconds, limit.at_once, clock=clock, sleep=sleep)
    # Its dependencies take a while to import.
    from seeker_leads_api.http.shared_limit.limiter import SharedRateLimiter, limit_key  # noqa: PLC0415

    key = limit_key(settings.api_url, settings.credentials.client_id if settings.credentials else None, label)
    return SharedRateLimiter(settings.rate_limit_location, key, limit, report=report, clock=clock, sleep=sleep)


def _body(response: requests.Response) -> tuple[bytes, bool]:
    """Return the body as far as it arrived, and whether it is complete."""
    body = bytearray()
    # If it breaks off, the status still decides the outcome, and the received part may show who answered.
    # `iter_content` would lose that part, because it waits for whole pieces.
    try:
        while len(body) < _MAX_BODY_BYTES and (piece := response.raw.read1(_PIECE_BYTES, decode_content=True)):
            body += piece
    except urllib3.exceptions.HTTPError:
        return bytes(body), False
    return bytes(body), True
