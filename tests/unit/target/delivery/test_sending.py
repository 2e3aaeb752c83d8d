from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import (
    AnswerLostError,
    FatalError,
    NotServedError,
    RequestRejectedError,
    RetryableError,
    ServerFaultError,
    ThrottledError,
    TokenRefusedError,
    UnreadableAnswerError,
)
from seeker_leads_api.http.retries import Retrier
from seeker_leads_api.stopping import StopOrder
from target_seeker_leads.delivery import sending
from target_seeker_leads.delivery.sending import End, Limits, Sent, send

if TYPE_CHECKING:
    from collections.abc import Callable

LOST, FAULT, BUSY = AnswerLostError("lost"), ServerFaultError("fault"), ThrottledError("busy")
NO_TOKEN = NotServedError("no token")
NO_CONNECTION = RetryableError("no connection")


class Client:
    """A client whose attempts end as the test says, with three tries in total."""

    def __init__(self, ends: list[Exception | None], *, token_fails_at: int | None = None) -> None:
        self.ends = ends
        self.attempts = 0
        self.token_fails_at = token_fails_at

    def create(self, *_: object) -> str:
        self.attempts += 1
        end = self.ends[min(self.attempts, len(self.ends)) - 1]
        if end is not None:
            raise end
        return "request"

    def retried(self, attempt: Callable[[str], Any]) -> Any:
        def with_token() -> Any:
            if self.attempts == self.token_fails_at:
                raise NO_TOKEN
            return attempt("token")

        return Retrier(2, report=lambda _: None, sleep=lambda _: None).call(with_token)


def sent(client: Client, monkeypatch: pytest.MonkeyPatch, limits: Limits) -> Sent:
    monkeypatch.setattr(sending, "create_lead", client.create)
    given: Any = client
    return send(given, {}, limits, lambda: 7)


@pytest.mark.parametrize(
    ("ends", "end", "attempts", "lost", "resends"),
    [
        ([None], End.CREATED, 1, 0, 0),
        ([FAULT, BUSY, None], End.CREATED, 3, 0, 0),
        ([LOST, None], End.CREATED, 2, 1, 1),
        ([RequestRejectedError("no")], End.REJECTED, 1, 0, 0),
        ([LOST, RequestRejectedError("no")], End.REJECTED, 2, 1, 1),
        ([NotServedError("no")], End.REFUSED, 1, 0, 0),
        ([LOST, NotServedError("no")], End.REFUSED, 2, 1, 1),
        ([FAULT], End.REFUSED, 3, 0, 0),
        ([LOST, FAULT], End.REFUSED, 3, 1, 1),
        ([LOST], End.LOST, 3, 3, 2),
        ([FAULT, LOST], End.LOST, 3, 2, 1),
        ([UnreadableAnswerError("?")], End.LOST, 1, 1, 0),
        ([LOST, UnreadableAnswerError("?")], End.LOST, 2, 2, 1),
        ([BUSY], End.STOPPED, 3, 0, 0),
        ([NO_CONNECTION], End.STOPPED, 3, 0, 0),
        ([FAULT, NO_CONNECTION], End.STOPPED, 3, 0, 0),
        ([LOST, NO_CONNECTION], End.STOPPED, 3, 1, 1),
        ([TokenRefusedError("no", refused_token="t")], End.STOPPED, 1, 0, 0),
        ([FatalError("no")], End.STOPPED, 1, 0, 0),
        ([StopOrder()], End.STOPPED, 1, 0, 0),
        ([ServerFaultError("long", retry_after_seconds=3600)], End.STOPPED, 1, 0, 0),
    ],
)
def test_how_a_record_ended(  # noqa: PLR0913  # a table's columns
    monkeypatch: pytest.MonkeyPatch,
    ends: list[Exception | None],
    end: End,
    *,
    attempts: int,
    lost: int,
    resends: int,
) -> None:
    """Only an answer to this request decides about the record; network, limit, token and stop errors end the run."""
    client = Client(ends)
    result = sent(client, monkeypatch, Limits(resends=9))
    assert (result.end, client.attempts, result.lost_answers, result.resends) == (end, attempts, lost, resends)
    assert (result.error is None) == (end is End.CREATED)


@pytest.mark.parametrize("end", [FAULT, LOST])
def test_token_that_cannot_be_had_is_no_answer_about_the_record(
    monkeypatch: pytest.MonkeyPatch, end: Exception
) -> None:
    """If the token server refuses between two tries, that says nothing about the record."""
    assert sent(Client([end], token_fails_at=1), monkeypatch, Limits(resends=9)).end is End.STOPPED


@pytest.mark.parametrize(
    ("limits", "ends", "end", "attempts"),
    [
        (Limits(resends=0), [LOST, None], End.LOST, 1),
        (Limits(resends=1), [LOST, LOST, None], End.LOST, 2),
        (Limits(resends=1), [LOST, None], End.CREATED, 2),
        (Limits(resends=0), [FAULT, None], End.CREATED, 2),
        (Limits(resends=9, is_single_try=True), [FAULT, None], End.REFUSED, 1),
        (Limits(resends=9, is_single_try=True), [LOST, None], End.LOST, 1),
        (Limits(resends=9, is_single_try=True), [BUSY, None], End.CREATED, 2),
        (Limits(resends=9, is_single_try=True), [NO_CONNECTION, None], End.CREATED, 2),
    ],
)
def test_limits_of_sending(
    monkeypatch: pytest.MonkeyPatch, limits: Limits, ends: list[Exception | None], end: End, attempts: int
) -> None:
    """Lost answers are followed by the allowed number of resends; with a single try, one answer decides."""
    client = Client(ends)
    assert (sent(client, monkeypatch, limits).end, client.attempts) == (end, attempts)
