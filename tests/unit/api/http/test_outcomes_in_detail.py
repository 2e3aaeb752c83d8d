"""The edges of each meaning, what stays open after a fault, how long to wait; and which error an outcome becomes."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from seeker_leads_api.errors import (
    NotServedError,
    RequestRejectedError,
    SeekerLeadsError,
    ServerFaultError,
    ThrottledError,
    TokenRefusedError,
)
from seeker_leads_api.http.outcomes import (
    Answer,
    Outcome,
    Recovery,
    classify,
    http_date,
    is_web_page,
    json_object,
    raise_for,
)

PROBLEM = {"type": "about:blank", "title": "Broken", "detail": "Really"}
PAGE = {"content-type": "Text/HTML"}


def answer(status: int, body: object = b"", headers: dict[str, str] | None = None) -> Answer:
    return Answer("GET /leads", status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "recovery"),
    [
        (100, Recovery.STOP),
        (101, Recovery.STOP),
        (199, Recovery.STOP),
        (299, Recovery.ACCEPT),
        (300, Recovery.STOP),
        (399, Recovery.STOP),
        (409, Recovery.REJECT),
        (413, Recovery.REJECT),
        (425, Recovery.RETRY),
        (599, Recovery.RETRY),
    ],
)
def test_status_alone_decides_on_an_empty_answer(status: int, recovery: Recovery) -> None:
    """2xx is a success, and 5xx is temporary, up to the edges of each class; what is unknown stops the run."""
    assert classify(answer(status)).recovery is recovery


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 500])
def test_scope_counts_only_in_a_403(status: int) -> None:
    """Elsewhere the word `scope` is only text: it changes nothing."""
    with_word, without = ({**PROBLEM, "detail": word} for word in ("Missing scope", "Missing"))
    assert classify(answer(status, with_word)).recovery is classify(answer(status, without)).recovery


@pytest.mark.parametrize("status", [401, 422, 429, 500, 503])
def test_web_page_changes_no_other_meaning(status: int) -> None:
    """Only a 400 means something else if it is a web page: other statuses mean the same from any server."""
    assert classify(answer(status, b"<html>", PAGE)).recovery is classify(answer(status)).recovery


def test_web_page_with_400_stops_whatever_the_case_of_its_type() -> None:
    """Media types are case-insensitive; a firewall's refusal must not reject one record after the other."""
    assert classify(answer(400, b"<html>", PAGE)).recovery is Recovery.STOP


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"\r\n <HTML lang=fr>",
        b"\xef\xbb\xbf<!DOCTYPE html>",
        b"<!-- blocked --><p>",
        b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC>',
        b"<head><title>",
        b"<script>location=1</script>",
    ],
)
def test_web_page_is_known_without_its_label(body: bytes) -> None:
    """A body that begins as a web page does is one, whatever it is called."""
    assert is_web_page(answer(400, body))
    assert classify(answer(400, body)).recovery is Recovery.STOP


@pytest.mark.parametrize("body", [b"", b"{}", b'"<html>"', b"off <html>", b"<created/>", b"<headers/>", b"<?xml?><a/>"])
def test_other_bodies_are_not_web_pages(body: bytes) -> None:
    """A body that begins otherwise is not a web page, even if it contains one."""
    assert not is_web_page(answer(400, body))


@pytest.mark.parametrize(
    ("body", "is_problem"),
    [
        (b'{"title": "No leads", "type": "about:blank"}', True),
        (b'{"title": "No leads", "status": 404}', True),
        (b' \r\n{"title": "No leads", "status": 404}\n', True),
        (b'{"title": "No leads"}', False),
        (b'{"title": 404, "status": 404}', False),
        (b'{"type": "about:blank", "status": 404}', False),
        (b'{"title": "\xff", "status": 404}', False),
        (b'{"title": ' + b"[" * 100_000, False),
        (b'"title"', False),
    ],
)
def test_404_of_the_api_is_a_problem_of_rfc_7807(body: bytes, is_problem: object) -> None:
    """A problem has a title and a type or status. No other body, however broken, looks like the API's own 404."""
    assert classify(answer(404, body)).recovery is (Recovery.NOT_FOUND if is_problem else Recovery.STOP)


@pytest.mark.parametrize(
    ("status", "body", "may_be_processed"),
    [
        (101, b"", True),
        (200, b"", False),
        (408, b"", True),
        (407, b"", False),
        (409, b"", False),
        (499, b"", False),
        (500, b"", True),
        (503, b"<html>", True),
        (408, PROBLEM, False),
        (500, PROBLEM, False),
        (400, PROBLEM, False),
    ],
)
def test_fault_of_a_gateway_leaves_open_what_the_api_did(status: int, body: object, *, may_be_processed: bool) -> None:
    """It may have forwarded the request: a lead may exist. A problem of the API itself says that it does not."""
    assert classify(answer(status, body)).may_be_processed is may_be_processed


@pytest.mark.parametrize(
    ("status", "headers", "lacks_right"),
    [(403, {}, True), (403, PAGE, False), (401, {}, False), (404, {}, False), (200, {}, False)],
)
def test_account_lacks_a_right_if_the_api_says_so(status: int, headers: dict[str, str], *, lacks_right: bool) -> None:
    """Only a 403 that is not a firewall's page is about the account's rights."""
    assert classify(answer(status, headers=headers)).lacks_right is lacks_right


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Mon, 23 Nov 2026 08:01:30 -0000", 90.0),
        ("Mon, 23 Nov 2026 09:01:30 +0100", 90.0),
        ("Mon, 23 Nov 2026 08:01:30", 90.0),
        ("Mon, 23 Nov 2026 08:00:00 GMT", 0.0),
        (" 12 ", 12.0),
        ("\u0661\u0662", None),
    ],
)
def test_date_without_a_zone_is_in_utc(date: str, seconds: float | None) -> None:
    """`Retry-After` may be a date in any zone; digits of other scripts are not a number in a header."""
    now = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
    for status in (429, 503):
        assert classify(answer(status, headers={"retry-after": date}), now=now).retry_after_seconds == seconds


def test_date_is_relative_to_the_clock_by_default() -> None:
    """A date that is long past means: at once; one that is far ahead, not."""
    at_once, later = (
        classify(answer(503, headers={"retry-after": f"Mon, 23 Nov {year} 08:00:00 GMT"})).retry_after_seconds
        for year in (2020, 2999)
    )
    assert at_once == 0.0
    assert later is not None
    assert later > 0


@pytest.mark.parametrize("status", [200, 400, 401, 404])
def test_only_temporary_faults_have_a_time_to_wait(status: int) -> None:
    """`Retry-After` with any other status does not delay anything."""
    assert classify(answer(status, headers={"retry-after": "7"})).retry_after_seconds is None


def test_dates_that_are_not_dates_are_ignored() -> None:
    """No header causes an error."""
    assert [http_date(text) for text in ("soon", "", "Mon, 23 Nov 2026 08:00:00 +" + "9" * 30)] == [None] * 3


@pytest.mark.parametrize(("body", "expected"), [(b'{"a": 1}', {"a": 1}), (b"[1]", {}), (b"1", {}), (b"", {})])
def test_body_is_an_object_or_counts_as_empty(body: bytes, expected: Any) -> None:
    """Callers look for members, so they always get an object."""
    assert json_object(answer(200, body)) == expected


ERRORS: list[tuple[Recovery, type[SeekerLeadsError], dict[str, Any]]] = [
    (Recovery.RETRY, ServerFaultError, {"retry_after_seconds": 7.0, "problems": (("a", "b"),), "request_id": "r"}),
    (Recovery.SLOW_DOWN, ThrottledError, {"retry_after_seconds": 7.0}),
    (Recovery.RENEW_TOKEN, TokenRefusedError, {"refused_token": "sent", "lacks_right": True}),
    (Recovery.REJECT, RequestRejectedError, {"problems": (("a", "b"),), "request_id": "r"}),
    (Recovery.STOP, NotServedError, {"problems": (("a", "b"),), "request_id": "r", "lacks_right": True}),
]


@pytest.mark.parametrize(("recovery", "kind", "has"), ERRORS, ids=lambda value: getattr(value, "name", ""))
def test_each_recovery_has_its_error(recovery: Recovery, kind: type[SeekerLeadsError], has: dict[str, Any]) -> None:
    """Callers recover by the kind of error, which has all that the answer said about it."""
    outcome = Outcome(recovery, "the message", 7.0, (("a", "b"),), "r", lacks_right=True)
    with pytest.raises(kind, match="the message") as caught:
        raise_for(outcome, sent_token="sent")
    assert type(caught.value) is kind
    assert {name: getattr(caught.value, name) for name in has} == has


@pytest.mark.parametrize("recovery", [Recovery.ACCEPT, Recovery.NOT_FOUND])
def test_answer_that_is_no_fault_raises_nothing(recovery: Recovery) -> None:
    """That the API has no leads for a period is an answer."""
    raise_for(Outcome(recovery, ""), sent_token="sent")
