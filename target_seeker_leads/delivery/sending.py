"""The POSTs of one record, with retries; how they ended is a value."""

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
    REJECTED = "rejected"  #: by the API, for what the record says
    REFUSED = "refused"  #: created nothing, for a reason that may be this record or any other
    LOST = "lost"  #: nobody knows, and it is not sent again by this run
    STOPPED = "stopped"  #: created nothing, and the run must end


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending a record."""

    end: End
    error: SeekerLeadsError | StopOrder | None = None  #: why it was not created
    request_id: str | None = None
    lost_answers: int = 0
    resends: int = 0  #: those of the lost answers that another POST followed
    began_at: int = 0  #: the moment of the last POST

    @property
    def is_unreadable(self) -> bool:
        """Whether the last answer came and could not be read."""
        return isinstance(self.error, UnreadableAnswerError)

    @property
    def is_answered(self) -> bool:
        """Whether a POST was made: the record may have been stopped on its way to it."""
        return self.end is not End.STOPPED or self.lost_answers > 0

    @property
    def problems(self) -> tuple[tuple[str, str], ...]:
        """The API's own words, name and reason each: they may quote personal data."""
        answer = _answer_of(self.error)
        return answer.problems if answer else ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How often a record may be sent."""

    resends: int  #: after an answer was lost
    is_single_try: bool = False  #: a fault of the server, or a lost answer, is not tried again


def send(client: ApiClient, request: Mapping[str, Any], limits: Limits, begin: Callable[[], int]) -> Sent:
    """Create a lead; `begin` is called before each POST. Nothing is raised that says how it ended."""
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
    """Return how the last POST ended; `last` is the error of its attempt: tokens are asked for in between."""
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
    """Return the error that has the words of the answer, if there is one."""
    source = error.last if isinstance(error, RetriesUsedUpError) else error
    return source if isinstance(source, AnsweredError) else None
