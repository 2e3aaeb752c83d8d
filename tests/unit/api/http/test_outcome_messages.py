"""What an outcome says about an answer: the message, the problems, and the id of the request."""

from __future__ import annotations

import json

import pytest
import requests

from seeker_leads_api.http.outcomes import CURES, Answer, classify

PROBLEM = {"type": "about:blank", "title": "Broken", "detail": "Really", "requestId": "r-1"}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
REDIRECT = "the API does not redirect"
PAGE = {"content-type": "Text/HTML"}


def answer(status: int, body: object = b"", headers: dict[str, str] | None = None) -> Answer:
    return Answer("GET /leads", status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def response(url: str) -> requests.Response:
    made = requests.Response()
    made.request = requests.Request("GET", url).prepare()
    made.status_code, made._content, made.headers["Retry-After"] = 503, b"{}", "7"
    return made


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"errors": [{"name": "email", "reason": "is bad"}]}, (("email", "is bad"),)),
        ({"errors": [{"name": "email"}, {"reason": "is bad"}]}, (("email", ""), ("", "is bad"))),
        ({"errors": ["odd", {"name": "email", "reason": 7}], "title": "Bad"}, (("email", "7"),)),
        ({"errors": {"name": "email"}, "title": "Bad", "detail": "Really"}, (("", "Bad: Really"),)),
        ({"errors": [], "title": ["odd"], "detail": "Really"}, (("", "Really"),)),
        ({"title": "Bad"}, (("", "Bad"),)),
        ({}, ()),
    ],
)
def test_problems_are_those_of_each_field_or_else_the_text(body: object, problems: tuple[tuple[str, str], ...]) -> None:
    """A dead letter names what the API refused: field by field, or in its words; what is malformed is left out."""
    assert classify(answer(400, body)).problems == problems


@pytest.mark.parametrize(
    ("body", "headers", "request_id"),
    [
        (PROBLEM, {"traceparent": TRACE}, "r-1"),
        ({"requestId": 7}, {"traceparent": TRACE}, TRACE),
        ({}, {"traceparent": "jane@example.com"}, None),
        ({}, {}, None),
    ],
)
def test_request_id_is_the_apis_or_the_trace(body: object, headers: dict[str, str], request_id: str | None) -> None:
    """The vendor's support finds a request by either; the API's own id comes first."""
    assert classify(answer(500, body, headers)).request_id == request_id


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (answer(200, PROBLEM), ""),
        (answer(500), "GET /leads answered 500"),
        (answer(500, PROBLEM), "GET /leads answered 500: Broken, Really"),
        (answer(500, {**PROBLEM, "detail": "Broken"}), "GET /leads answered 500: Broken"),
        (
            answer(500, {**PROBLEM, "detail": None}, {"traceparent": TRACE}),
            f"GET /leads answered 500: Broken ({TRACE})",
        ),
        (answer(500, b"", PAGE), "GET /leads answered 500 with a web page instead of data"),
    ],
)
def test_message_names_request_status_and_what_was_said(given: Answer, message: str) -> None:
    """What the API says appears once, and nothing is added to an answer that says nothing."""
    said = classify(given).message.replace("traceparent ", "")
    assert said.partition(": a firewall")[0] == message


@pytest.mark.parametrize("status", [300, 301, 308, 399, *CURES, 418, 500])
def test_message_ends_with_the_cure_of_its_status(status: int) -> None:
    """A redirect has its own cure, which names `api_url`, and no other status gets it."""
    message = classify(answer(status)).message
    assert (REDIRECT in message) is (300 <= status < 400)
    assert [cured for cured, cure in CURES.items() if cure in message] == [each for each in CURES if each == status]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "Check the settings"),
        (401, "Check `auth_token`"),
        (403, "Ask the vendor for the scope"),
        (404, "Check `api_url`"),
        (429, "`rate_limit_requests`"),
    ],
)
def test_cures_name_what_to_change(status: int, words: str) -> None:
    """Each status that the user can do something about names the setting, or whom to ask."""
    assert words in classify(answer(status)).message


def test_answer_about_a_person_is_not_quoted() -> None:
    """The API may repeat the person's data, so the message has only request and status, unless it is asked for."""
    assert classify(answer(500, PROBLEM), is_about_a_person=True).message == "GET /leads answered 500"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.example.org/v1/leads?start=jane%2F7", "GET /leads"),
        ("https://api.example.org/leads", "GET /leads"),
        ("https://api.example.org", "GET /"),
    ],
)
def test_answer_is_named_without_host_and_query(url: str, shown: str) -> None:
    """The query may contain a cursor or a key; the names of headers are case-insensitive."""
    made = Answer.of(response(url))
    assert (made.request, made.status, made.body, made.is_whole) == (shown, 503, b"{}", True)
    assert classify(made).retry_after_seconds == 7.0
