"""`POST /leads`, one attempt at a time."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import msgspec
import requests
import urllib3

from seeker_leads_api.auth import BearerAuth, sent_token
from seeker_leads_api.errors import (
    AnswerLostError,
    FatalError,
    RequestRejectedError,
    RetryableError,
    UnreadableAnswerError,
)
from seeker_leads_api.no_answer import classify_exception, may_have_arrived
from seeker_leads_api.outcomes import Answer, Recovery, classify, raise_for
from seeker_leads_api.session import ApiSession

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_api.auth import TokenSource
    from seeker_leads_api.rate_limiter import RateLimiter
    from seeker_leads_api.settings import ConnectionSettings

REQUEST = "POST /leads"
#: More of an answer than about this is not read, in pieces of at most 64 KiB; the documented one has a hundred bytes.
_MOST_BODY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 16
#: What may stand before the first word of a page: blanks and a byte order mark.
_BEFORE_A_PAGE = b" \t\r\n\xef\xbb\xbf"


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
            answer = self._attempt(prepared)
        outcome = classify(answer, is_about_a_person=True)
        if outcome.recovery is Recovery.ACCEPT:
            return _request_id(answer)
        if outcome.may_be_done:
            raise AnswerLostError(outcome.message, retry_after_seconds=outcome.retry_after_seconds)
        if outcome.recovery is Recovery.NOT_FOUND:
            # The API's own 404 is about what the lead names; that of a wrong URL is not of this form.
            raise RequestRejectedError(outcome.message, problems=outcome.problems, request_id=outcome.request_id)
        raise_for(outcome, sent_token=sent_token(prepared))
        raise AssertionError(outcome.recovery)

    def _attempt(self, prepared: requests.PreparedRequest) -> Answer:
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
            return Answer(
                REQUEST,
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                _body(response),
            )

    @property
    def _session(self) -> ApiSession:
        session: ApiSession | None = getattr(self._thread, "session", None)
        return session or self._new_session()

    def _new_session(self) -> ApiSession:
        session = self._thread.session = ApiSession(self._settings.api_url, self._user_agent)
        self._sessions.append(session)
        return session


def _body(response: requests.Response) -> bytes:
    body = bytearray()
    # Where it breaks off, the status still says what became of the request, and what came what kind of answer it was.
    # `iter_content` would keep that to itself: it waits for whole pieces.
    with suppress(urllib3.exceptions.HTTPError):
        while len(body) < _MOST_BODY_BYTES and (piece := response.raw.read1(_PIECE_BYTES, decode_content=True)):
            body += piece
    return bytes(body)


def _unreadable(error: Exception) -> UnreadableAnswerError:
    return UnreadableAnswerError(
        f"{REQUEST}: the answer cannot be read ({type(error).__name__}). Check `api_url`, and proxies in between"
    )


def _request_id(answer: Answer) -> str | None:
    if _is_web_page(answer):
        msg = (
            f"{REQUEST} answered {answer.status} with a web page instead of data: something else than the API"
            " answers. Check `api_url`, and proxies in between"
        )
        raise FatalError(msg)
    try:
        body = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    request_id = body.get("requestId") if isinstance(body, dict) else None
    return request_id if isinstance(request_id, str) else None


def _is_web_page(answer: Answer) -> bool:
    # The type alone says little: some servers call every body html, an empty one or a word like "Created" too.
    return "html" in answer.headers.get("content-type", "") and answer.body.lstrip(_BEFORE_A_PAGE).startswith(b"<")
