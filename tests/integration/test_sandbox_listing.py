from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from seeker_leads_sandbox import Bounds, EmptyPeriod, Links, Order, PageStatus, Sandbox, SandboxOptions

NOW = 1_750_000_000
WEEK_SECONDS = 7 * 24 * 60 * 60
HEADERS = {"Authorization": "Bearer sandbox-token"}
WEEK: dict[str, Any] = {"minDate": NOW - WEEK_SECONDS, "maxDate": NOW}


def start(**options: Any) -> Sandbox:
    return Sandbox.start(SandboxOptions(enforce_limit=False, **options), clock=lambda: NOW)


def get(sandbox: Sandbox, path: str = "/leads", **parameters: Any) -> requests.Response:
    return requests.get(sandbox.api_url + path, params=parameters, headers=HEADERS, timeout=5)


def ids(response: requests.Response) -> list[str]:
    return [lead["metadata"]["leadId"] for lead in response.json()["items"]]


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("links", [Links.ABSOLUTE, Links.RELATIVE])
def test_links_lead_through_the_whole_period(order: Order, links: Links) -> None:
    """Following `links.next` from the first page returns every lead once, in every order, until there is no link."""
    with start(order=order, links=links) as sandbox:
        added = sandbox.add_leads(ingestion_dates=range(NOW - 250, NOW))
        response = get(sandbox, **WEEK)
        seen = ids(response)
        while "next" in response.json()["links"]:
            following = response.json()["links"]["next"]
            assert following.startswith(sandbox.api_url if links is Links.ABSOLUTE else "/seeker-leads/v1/leads?")
            url = following if links is Links.ABSOLUTE else sandbox.url + following
            response = requests.get(url, headers=HEADERS, timeout=5)
            seen += ids(response)

    assert len(seen) == 250
    assert set(seen) == set(added)


def test_the_link_repeats_the_query_with_a_cursor() -> None:
    """`links.next` has the requested dates and limit, and the last lead's id as `start`."""
    with start() as sandbox:
        sandbox.add_leads(ingestion_dates=range(NOW - 5, NOW))
        response = get(sandbox, **WEEK, limit=2)

    query = parse_qs(urlsplit(response.json()["links"]["next"]).query)
    assert query == {
        "minDate": [str(WEEK["minDate"])],
        "maxDate": [str(WEEK["maxDate"])],
        "limit": ["2"],
        "start": [ids(response)[-1]],
    }


def test_without_links_and_206_a_full_page_is_the_only_hint() -> None:
    """A dialect that does not indicate further pages still accepts the last lead's id as the cursor."""
    with start(links=Links.NONE, page_status=PageStatus.ALWAYS_200) as sandbox:
        added = sandbox.add_leads(ingestion_dates=range(NOW - 4, NOW))
        first = get(sandbox, **WEEK, limit=2)
        second = get(sandbox, **WEEK, limit=2, start=ids(first)[-1])
        third = get(sandbox, **WEEK, limit=2, start=ids(second)[-1])

    assert [first.status_code, second.status_code, third.status_code] == [200, 200, 404]
    assert first.json()["links"] == {}
    assert ids(first) + ids(second) == added


def test_a_page_with_more_to_follow_is_206_and_the_last_one_200() -> None:
    """If the dialect uses the status, it shows whether more pages follow."""
    with start() as sandbox:
        sandbox.add_leads(ingestion_dates=[NOW - 2, NOW - 1])

        assert get(sandbox, **WEEK, limit=1).status_code == 206
        assert get(sandbox, **WEEK, limit=2).status_code == 200


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (Bounds.CLOSED, [10, 11, 12]),
        (Bounds.MIN_INCLUSIVE, [10, 11]),
        (Bounds.MAX_INCLUSIVE, [11, 12]),
        (Bounds.OPEN, [11]),
    ],
)
def test_bounds_decide_over_leads_on_the_edges(bounds: Bounds, expected: list[int]) -> None:
    """A lead in the exact second of a bound belongs to the period or not, as the option says."""
    with start(bounds=bounds) as sandbox:
        sandbox.add_leads(ingestion_dates=[9, 10, 11, 12, 13])
        response = get(sandbox, minDate=10, maxDate=12)

    assert [lead["metadata"]["ingestionDate"] for lead in response.json()["items"]] == expected


def test_an_empty_period_is_a_problem_or_an_empty_page() -> None:
    """Every answer to a period without leads is possible: the contract's, and the variants of servers."""
    with start(empty=EmptyPeriod.PROBLEM_404) as sandbox:
        response = get(sandbox, **WEEK)
        assert response.status_code == 404
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["status"] == 404
    with start(empty=EmptyPeriod.EMPTY_200) as sandbox:
        response = get(sandbox, **WEEK)
        assert response.status_code == 200
        assert response.json()["items"] == []
    with start(empty=EmptyPeriod.NULL_200) as sandbox:
        response = get(sandbox, **WEEK)
        assert (response.status_code, response.json()["items"]) == (200, None)
    with start(empty=EmptyPeriod.NO_CONTENT_204) as sandbox:
        response = get(sandbox, **WEEK)
        assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, ["minDate", "maxDate"]),
        ({"minDate": "1"}, ["maxDate"]),
        ({"minDate": "yesterday", "maxDate": "1.5", "limit": "0"}, ["minDate", "maxDate", "limit"]),
        ({"minDate": "+1", "maxDate": " 2"}, ["minDate", "maxDate"]),
        ({"minDate": "-1", "maxDate": "1"}, ["minDate"]),
        ({"minDate": "2", "maxDate": "1"}, ["maxDate"]),
        ({"minDate": "0", "maxDate": str(WEEK_SECONDS + 1)}, ["maxDate"]),
        ({"minDate": "0", "maxDate": "1", "limit": "101"}, ["limit"]),
        ({"minDate": "0", "maxDate": "1", "start": ""}, ["start"]),
        ({"minDate": "0", "maxDate": "1", "start": "nobody"}, ["start"]),
    ],
)
def test_bad_parameters_are_named_all_at_once(parameters: dict[str, str], names: list[str]) -> None:
    """A 400 names each wrong parameter with a reason, and has a `traceparent`."""
    with start() as sandbox:
        response = get(sandbox, **parameters)

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["traceparent"].startswith("00-")
    assert [error["name"] for error in response.json()["errors"]] == names
    assert all(error["reason"] for error in response.json()["errors"])


def test_seven_days_and_repeated_or_unknown_parameters_are_fine() -> None:
    """A period of exactly 7 days is allowed; the first of repeated parameters counts; unknown ones are ignored."""
    with start() as sandbox:
        sandbox.add_leads(ingestion_dates=[WEEK_SECONDS])

        assert get(sandbox, minDate=[0, 99], maxDate=WEEK_SECONDS, whatever=1).status_code == 200


def test_one_lead_can_be_read_by_its_id() -> None:
    """`GET /leads/{leadId}` returns the lead as it is listed, and a problem for an unknown id."""
    with start(leads=3, days=1) as sandbox:
        listed = get(sandbox, **WEEK).json()["items"][0]

        assert get(sandbox, f"/leads/{listed['metadata']['leadId']}").json() == listed
        unknown = get(sandbox, "/leads/nobody")
        assert (unknown.status_code, unknown.json()["status"]) == (404, 404)


def test_leads_become_visible_some_time_after_their_ingestion() -> None:
    """With a delay, a lead is listed and readable only after that time."""
    now = [NOW]
    options = SandboxOptions(visible_after_seconds=60)
    with Sandbox.start(options, clock=lambda: now[0]) as sandbox:
        (lead_id,) = sandbox.add_leads(1)
        now[0] = NOW + 59
        assert get(sandbox, **WEEK).status_code == 404
        assert get(sandbox, f"/leads/{lead_id}").status_code == 404

        now[0] = NOW + 60
        assert ids(get(sandbox, **WEEK)) == [lead_id]
        assert get(sandbox, f"/leads/{lead_id}").status_code == 200


def test_leads_leave_the_api_after_the_retention() -> None:
    """With a retention, an older lead is neither listed nor readable, whatever its `TTL`."""
    now = [NOW]
    with Sandbox.start(SandboxOptions(retention_days=2), clock=lambda: now[0]) as sandbox:
        (lead_id,) = sandbox.add_leads(1)
        now[0] = NOW + 2 * 86_400
        assert ids(get(sandbox, **WEEK)) == [lead_id]

        now[0] += 1
        assert get(sandbox, **WEEK).status_code == 404
        assert get(sandbox, f"/leads/{lead_id}").status_code == 404
        assert len(sandbox.store) == 1


def test_new_leads_arrive_with_the_clock() -> None:
    """Leads arrive at the given rate, each dated when it arrived, whether or not there were requests in between."""
    now = [NOW]
    with Sandbox.start(SandboxOptions(arrivals_per_minute=2), clock=lambda: now[0]) as sandbox:
        assert get(sandbox, **WEEK).status_code == 404
        now[0] = NOW + 95
        items = get(sandbox, minDate=NOW, maxDate=NOW + 95).json()["items"]

    assert [lead["metadata"]["ingestionDate"] for lead in items] == [NOW + 30, NOW + 60, NOW + 90]


def test_generated_leads_are_dated_in_the_days_before_now() -> None:
    """The initial leads are spread over the given days, the same ones for the same seed."""
    with start(leads=200, days=2, seed=5) as sandbox, start(leads=200, days=2, seed=5) as twin:
        leads = sandbox.store.all()
        assert leads == twin.store.all()

    assert len(leads) == 200
    assert all(NOW - 2 * 86400 <= lead["metadata"]["ingestionDate"] < NOW for lead in leads)
