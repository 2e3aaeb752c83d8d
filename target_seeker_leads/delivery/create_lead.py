"""`POST /leads`, one attempt at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from seeker_leads_api.errors import NotServedError, UnreadableAnswerError
from seeker_leads_api.http.outcomes import is_web_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_api.client import ApiClient
    from seeker_leads_api.http.outcomes import Answer

PATH = "/leads"
REQUEST = f"POST {PATH}"


def create_lead(client: ApiClient, lead: Mapping[str, Any], token: str) -> str | None:
    """Create a lead that fits the contract; return the `requestId`, or None if the answer has none.

    Raises:
        AnswerLostError, UnreadableAnswerError: the lead may have been created.
        RequestRejectedError: the API refuses this lead.
        RetryableError, TokenRefusedError, FatalError: it was not created.
    """
    with client.limiter.attempt():
        answer = client.post(PATH, lead, token=token)
    return _request_id(answer)


def _request_id(answer: Answer) -> str | None:
    try:
        body = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if is_web_page(answer):
            _refuse_page(answer)
        return None
    request_id = body.get("requestId") if isinstance(body, dict) else None
    return request_id if isinstance(request_id, str) else None


def _refuse_page(answer: Answer) -> None:
    """Raise for a 2xx web page. An empty body that is labelled HTML is accepted: some servers label everything so."""
    if b"<" in answer.body:
        msg = (
            f"{REQUEST} answered {answer.status} with a web page instead of data: something other than the API"
            " answered. Check `api_url`, and any proxy in between"
        )
        raise NotServedError(msg)
    if answer.body.strip() or not answer.is_whole:
        msg = (
            f"{REQUEST} answered {answer.status} with neither data nor a web page, so the lead may or may not exist."
            " Check `api_url`, and any proxy in between"
        )
        raise UnreadableAnswerError(msg)
