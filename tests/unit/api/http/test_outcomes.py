from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
import requests

from seeker_leads_api.errors import FatalError, RetryableError
from seeker_leads_api.http.outcomes import Answer, Recovery, classify
from seeker_leads_api.http.transport_errors import classify_exception

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
PROBLEM = {"type": "about:blank", "title": "Not found", "status": 404, "detail": "No leads in the period"}
SCOPE = {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": "Missing scope leads:read"}
PLAIN_403 = {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": "No access"}


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer("GET /leads", status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


@pytest.mark.parametrize(
    ("given", "recovery"),
    [
        (answer(200, {"items": []}), Recovery.ACCEPT),
        (answer(206, {"items": []}), Recovery.ACCEPT),
        (answer(404, PROBLEM), Recovery.NOT_FOUND),
        (answer(404, b"\xef\xbb\xbf" + json.dumps(PROBLEM).encode()), Recovery.NOT_FOUND),
        (answer(404, b"<html>no such page</html>"), Recovery.STOP),
        (answer(404, {"message": "no route matched"}), Recovery.STOP),
        (answer(404, b'["title"]'), Recovery.STOP),
        (answer(404, b'{"title": '), Recovery.STOP),
        (answer(400, PROBLEM), Recovery.REJECT),
        (answer(400, {"errors": [{"name": "email", "reason": "is not valid"}]}), Recovery.REJECT),
        (answer(400, b"<html></html>", content_type="text/html"), Recovery.STOP),
        (answer(422, PROBLEM), Recovery.REJECT),
        (answer(401), Recovery.RENEW_TOKEN),
        (answer(403, SCOPE), Recovery.RENEW_TOKEN),
        (answer(403, PLAIN_403), Recovery.STOP),
        (answer(403, b"<html>scope</html>", content_type="text/html"), Recovery.STOP),
        (answer(408), Recovery.RETRY),
        (answer(429), Recovery.SLOW_DOWN),
        (answer(500), Recovery.RETRY),
        (answer(502, b"<html></html>"), Recovery.RETRY),
        (answer(503), Recovery.RETRY),
        (answer(301), Recovery.STOP),
        (answer(418), Recovery.STOP),
    ],
)
def test_every_answer_has_one_recovery(given: Answer, recovery: Recovery) -> None:
    """The status decides what to do; some statuses depend on the body, and an unknown one stops the run."""
    assert classify(given).recovery is recovery


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("Mon, 23 Nov 2026 08:01:30 GMT", 90.0),
        ("Mon, 23 Nov 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("Mon, 23 Nov 2026 00:00:00 +9999999999999999999999", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    """`Retry-After` is read in both its forms; anything else is ignored."""
    assert classify(answer(429, retry_after=header), now=NOW).retry_after_seconds == seconds


def test_message_quotes_the_problem_and_the_trace() -> None:
    """An error names request, status, title, detail and the `traceparent` that the vendor's support asks for."""
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    message = classify(answer(400, PROBLEM, traceparent=trace)).message
    for part in ("GET /leads", "400", "Not found", "No leads in the period", trace):
        assert part in message


def test_message_holds_no_personal_data() -> None:
    """The message contains nothing that the API repeats from a request."""
    detail = "value 'Dupont' of 'lastName' of jane@example.com, +33 6 12 34 56 78, Bearer eyJhbGciOi.J9.abc refused"
    message = classify(answer(400, {"title": "Bad", "status": 400, "detail": detail}, traceparent="jane@b.fr")).message
    for secret in ("Dupont", "jane", "6 12 34", "eyJ"):
        assert secret not in message
    assert "lastName" in message


def test_web_page_is_named_in_the_message() -> None:
    """An HTML answer comes from an intermediary, and the message says so."""
    assert "web page" in classify(answer(403, b"<html>", content_type="text/html; charset=utf-8")).message


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.ConnectTimeout("https://x/leads?start=jane@b.fr"), RetryableError),
        (requests.ReadTimeout(), RetryableError),
        (requests.ConnectionError("host jane@b.fr"), RetryableError),
        (requests.exceptions.SSLError(), RetryableError),
        (requests.exceptions.ChunkedEncodingError(), RetryableError),
        (requests.exceptions.ContentDecodingError(), RetryableError),
        (requests.exceptions.InvalidURL("jane@b.fr"), FatalError),
    ],
)
def test_no_answer_is_retried_unless_the_request_is_impossible(
    error: requests.RequestException, kind: type[Exception]
) -> None:
    """Network errors may be temporary; a request that cannot be sent is not retried. The message hides the URL."""
    outcome = classify_exception(error, "GET /leads", 60)
    assert type(outcome) is kind
    assert "jane" not in str(outcome)
