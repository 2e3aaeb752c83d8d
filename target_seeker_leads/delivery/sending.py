"""Sends one record, with retries, and returns how that ended."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import (
    AnsweredError,
    AnswerLostError,
    NotServedError,
    RequestRejectedError,
    RetriesUsedUpError,
    SeekerLeadsError,
    ServerFaultError,
    UnreadableAnswerError,
)
from seeker_leads_api.stopping import StopOrder
from target_seeker_leads.delivery.create_lead import create_lead

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seeker_leads_api.client import ApiClient


class End(enum.Enum):
    """How the last POST ended."""

    CREATED = "created"
    REJECTED = "rejected"  #: by the API, for the record's content
    REFUSED = "refused"  #: created nothing; the cause may be this record or something else
    LOST = "lost"  #: the outcome is unknown, and this run does not send it again
    STOPPED = "stopped"  #: created nothing, and the run must end


@dataclass(frozen=True, slots=True)
class Sent:
    """The result of sending a record."""

    end: End
    error: SeekerLeadsError | StopOrder | None = None  #: why it was not created
    request_id: str | None = None
    lost_answers: int = 0
    resends: int = 0  #: how many of the lost answers were followed by another POST
    began_at: int = 0  #: the moment of the last POST, as `begin` returned it

    @property
    def is_unreadable(self) -> bool:
        """Whether the last answer arrived but could not be read."""
        return isinstance(self.error, UnreadableAnswerError)

    @property
    def was_posted(self) -> bool:
        """Whether a POST was made: a stop may have come before it."""
        return self.end is not End.STOPPED or self.lost_answers > 0

    @property
    def problems(self) -> tuple[tuple[str, str], ...]:
        """The API's own messages, as pairs of name and reason; they may quote personal data."""
        answer = _answer_of(self.error)
        return answer.problems if answer else ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How often a record may be sent."""

    resends: int  #: after an answer was lost
    is_single_try: bool = False  #: a server error or a lost answer is not retried


def send(client: ApiClient, request: Mapping[str, Any], limits: Limits, begin: Callable[[], int]) -> Sent:
    """Create a lead; `begin` is called before each POST. How it ended is returned, never raised."""
    lost_answers = resends = began_at = 0
    last: SeekerLeadsError | None = None

    def attempt(token: str) -> str | None:
        nonlocal lost_answers, resends, began_at, last
        last, resends, began_at = None, lost_answers, begin()
        try:
            return create_lead(client, request, token)
        except (AnswerLostError, ServerFaultError) as error:
            last = error
            is_lost = isinstance(error, AnswerLostError)
            lost_answers += is_lost
            if limits.is_single_try or (is_lost and lost_answers > limits.resends):
                raise RetriesUsedUpError(str(error), last=error) from None
            raise
        except SeekerLeadsError as error:
            last = error
            raise

    try:
        request_id = client.retried(attempt)
    except (SeekerLeadsError, StopOrder) as error:
        lost_answers += isinstance(error, UnreadableAnswerError) and error is last
        answer = _answer_of(error)
        return Sent(_end(error, last), error, answer.request_id if answer else None, lost_answers, resends, began_at)
    return Sent(End.CREATED, None, request_id, lost_answers, resends, began_at)


def _end(error: SeekerLeadsError | StopOrder, last: SeekerLeadsError | None) -> End:
    """Return how the last POST ended; `last` is its error. Any other error comes from a token request."""
    match error:
        case RetriesUsedUpError(last=AnswerLostError()) if error.last is last:
            return End.LOST
        case RetriesUsedUpError(last=ServerFaultError()) if error.last is last:
            return End.REFUSED
        case RequestRejectedError() if error is last:
            return End.REJECTED
        case NotServedError() if error is last:
            return End.REFUSED
        case UnreadableAnswerError() if error is last:
            return End.LOST
        case _:
            return End.STOPPED


def _answer_of(error: SeekerLeadsError | StopOrder | None) -> AnsweredError | None:
    """Return the error that holds the API's answer, if there is one."""
    source = error.last if isinstance(error, RetriesUsedUpError) else error
    return source if isinstance(source, AnsweredError) else None
