"""`POST /leads`, one attempt at a time."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec
import requests
import urllib3

from seeker_leads_api.auth.tokens import BearerAuth, sent_token
from seeker_leads_api.errors import (
    AnswerLostError,
    FatalError,
    RequestRejectedError,
    RetryableError,
    UnreadableAnswerError,
)
from seeker_leads_api.http.outcomes import Answer, Recovery, classify, raise_for
from seeker_leads_api.http.session import ApiSession
from seeker_leads_api.http.transport_errors import classify_exception, may_have_arrived

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_api.auth.tokens import TokenSource
    from seeker_leads_api.http.rate_limiter import RateLimiter
    from seeker_leads_api.settings import ConnectionSettings

REQUEST = "POST /leads"
#: More of an answer than about this is not read, in pieces of at most 64 KiB; the documented one has a hundred bytes.
_MOST_BODY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 16


class LeadsClient:
    """Creates leads, from any number of threads behind one limiter; each attempt takes a permit."""

    def __init__(
        self, settings: ConnectionSettings, user_agent: str, tokens: TokenSource, limiter: RateLimiter
    ) -> None:
        self._settings = settings
        self._user_agent = user_agent
        self._authenticate = BearerAuth(tokens)
        self._limiter = limiter
        self._thread = threading.local()
        self._sessions: list[ApiSession] = []
        self._new_session()  # at once: what is wrong with the environment has to show before a record is claimed

    def close(self) -> None:
        """Close the connections of all threads."""
        for session in self._sessions:
            session.close()

    def create(self, lead: Mapping[str, Any]) -> str | None:
        """Create a lead, which fits the contract; return the `requestId`, or None where the answer held none.

        Raises:
            AnswerLostError, UnreadableAnswerError: the lead may have been created.
            RequestRejectedError: the API refuses this lead.
            RetryableError, TokenRefusedError, FatalError: it was not created, and why.
        """
        request = requests.Request(
            "POST",
            f"{self._settings.api_url}/leads",
            data=msgspec.json.encode(lead),
            headers={"Content-Type": "application/json"},
        )
        prepared = self._authenticate(self._session.prepare_request(request))
        with self._limiter.permit():
            answer, is_whole = self._attempt(prepared)
        outcome = classify(answer, is_about_a_person=True)
        if outcome.recovery is Recovery.ACCEPT:
            return _request_id(answer, is_whole=is_whole)
        if outcome.may_be_done:
            raise AnswerLostError(outcome.message, retry_after_seconds=outcome.retry_after_seconds)
        if outcome.recovery is Recovery.NOT_FOUND:
            # The API's own 404 is about what the lead names; that of a wrong URL is not of this form.
            raise RequestRejectedError(outcome.message, problems=outcome.problems, request_id=outcome.request_id)
        raise_for(outcome, sent_token=sent_token(prepared))
        raise AssertionError(outcome.recovery)

    def _attempt(self, prepared: requests.PreparedRequest) -> tuple[Answer, bool]:
        """Return the answer, and whether its body came whole."""
        timeout_seconds = self._settings.request_timeout_seconds
        try:
            # Streamed, so that the status counts even where the body breaks off.
            response = self._session.send(prepared, stream=True, timeout=timeout_seconds)
        except (requests.RequestException, ValueError, urllib3.exceptions.HTTPError) as error:
            meaning = classify_exception(error, REQUEST, timeout_seconds)
            if not may_have_arrived(error):
                raise meaning from None
            if isinstance(meaning, RetryableError):
                raise AnswerLostError(str(meaning)) from None
            raise _unreadable(error) from None
        with closing(response):
            body, is_whole = _body(response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(REQUEST, response.status_code, headers, body), is_whole

    @property
    def _session(self) -> ApiSession:
        session: ApiSession | None = getattr(self._thread, "session", None)
        return session or self._new_session()

    def _new_session(self) -> ApiSession:
        session = self._thread.session = ApiSession(self._settings.api_url, self._user_agent)
        self._sessions.append(session)
        return session


def _body(response: requests.Response) -> tuple[bytes, bool]:
    body = bytearray()
    # Where it breaks off, the status still says what became of the request, and what came what kind of answer it was.
    # `iter_content` would keep that to itself: it waits for whole pieces.
    try:
        while len(body) < _MOST_BODY_BYTES and (piece := response.raw.read1(_PIECE_BYTES, decode_content=True)):
            body += piece
    except urllib3.exceptions.HTTPError:
        return bytes(body), False
    return bytes(body), True


def _unreadable(error: Exception) -> UnreadableAnswerError:
    return UnreadableAnswerError(
        f"{REQUEST}: the answer cannot be read ({type(error).__name__}). Check `api_url`, and proxies in between"
    )


def _request_id(answer: Answer, *, is_whole: bool) -> str | None:
    try:
        body = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if "html" in answer.headers.get("content-type", ""):
            _refuse_page(answer, is_whole=is_whole)
        return None
    request_id = body.get("requestId") if isinstance(body, dict) else None
    return request_id if isinstance(request_id, str) else None


def _refuse_page(answer: Answer, *, is_whole: bool) -> None:
    """Judge a 2xx that is called html and is no JSON. Empty it is the API's: some servers call everything so."""
    if b"<" in answer.body:
        msg = (
            f"{REQUEST} answered {answer.status} with a web page instead of data: something else than the API"
            " answers. Check `api_url`, and proxies in between"
        )
        raise FatalError(msg)
    if answer.body.strip() or not is_whole:
        msg = (
            f"{REQUEST} answered {answer.status} with neither data nor a web page, so the lead may or may not exist."
            " Check `api_url`, and proxies in between"
        )
        raise UnreadableAnswerError(msg)
