"""Checks the sandbox against openapi.yaml with schemathesis."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from seeker_leads_api import contract
from seeker_leads_sandbox import EmptyPeriod, Links, Order, PageStatus, Sandbox, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis.schemas import BaseSchema

NOW = 1_750_000_000
TOKEN_PATH = "/oauth/token"
AUTHORIZATION = {"Authorization": "Bearer sandbox-token"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
# A bounded number of examples, the same in every run.
bounded = settings(
    max_examples=30,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def schema_of(*, is_token: bool) -> BaseSchema:
    """Load the operations of one server: tokens have their own host."""
    document = copy.deepcopy(contract.load_openapi())
    document["paths"] = {
        path: operations for path, operations in document["paths"].items() if (path == TOKEN_PATH) is is_token
    }
    for operations in document["paths"].values():
        operations.pop("servers", None)
    return schemathesis.openapi.from_dict(document)


api = schema_of(is_token=False)
tokens = schema_of(is_token=True)


@pytest.fixture(scope="module")
def contract_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(SandboxOptions(leads=200, days=5, enforce_limit=False), clock=lambda: NOW) as running:
        yield running


@api.parametrize()
@bounded
def test_every_answer_of_the_api_matches_the_contract(case: schemathesis.Case[Any], contract_sandbox: Sandbox) -> None:
    """For any request, valid or not, status, content type and body match openapi.yaml, and the status is never 5xx."""
    case.call_and_validate(checks=CHECKS, headers=AUTHORIZATION, base_url=contract_sandbox.api_url)


@tokens.parametrize()
@bounded
def test_every_answer_to_a_token_request_matches_the_contract(
    case: schemathesis.Case[Any], contract_sandbox: Sandbox
) -> None:
    """Token requests, valid or not, get an answer that matches openapi.yaml."""
    case.call_and_validate(checks=CHECKS, base_url=contract_sandbox.url)


@pytest.mark.parametrize(
    ("method", "path"),
    [(method.upper(), path) for path in api for method in api[path] if method in {"get", "post", "put", "delete"}],
)
def test_a_refusal_matches_the_contract(method: str, path: str, contract_sandbox: Sandbox) -> None:
    """Without a valid token, every operation answers the contract's 401."""
    case = api[path][method].Case(path_parameters={"leadId": "x", "subscriptionId": "x"})
    dead = {"Authorization": "Bearer dead"}

    response = case.call_and_validate(checks=CHECKS[:-1], headers=dead, base_url=contract_sandbox.api_url)

    assert response.status_code == 401


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("links", Links)
@pytest.mark.parametrize("page_status", PageStatus)
@pytest.mark.parametrize("empty", [EmptyPeriod.PROBLEM_404, EmptyPeriod.EMPTY_200])  # the contract has only these
def test_every_dialect_matches_the_contract(
    order: Order, links: Links, page_status: PageStatus, empty: EmptyPeriod
) -> None:
    """First, last and empty pages match the contract in every dialect."""
    options = SandboxOptions(order=order, links=links, page_status=page_status, empty=empty)
    with Sandbox.start(options, clock=lambda: NOW) as sandbox:
        sandbox.add_leads(ingestion_dates=range(100, 130))
        for period in ((100, 200), (100, 105), (500, 600)):
            query = {"minDate": period[0], "maxDate": period[1], "limit": 20}
            case = api["/leads"]["GET"].Case(query=query)
            case.call_and_validate(checks=CHECKS[:-1], headers=AUTHORIZATION, base_url=sandbox.api_url)


def test_existing_resources_match_the_contract(contract_sandbox: Sandbox) -> None:
    """A lead and a subscription, from creation to deletion, match the contract; schemathesis cannot guess their ids."""

    def call(method: str, path: str, **arguments: Any) -> schemathesis.Response:
        case = api[path][method].Case(**arguments)
        url = contract_sandbox.api_url
        return case.call_and_validate(checks=CHECKS[:-1], headers=AUTHORIZATION, base_url=url)

    for lead in contract_sandbox.store.all():
        path_parameters = {"leadId": lead["metadata"]["leadId"]}
        assert call("GET", "/leads/{leadId}", path_parameters=path_parameters).status_code == 200
    hook = {"url": "https://example.org/hook", "apiKey": "key", "status": "ACTIVE"}
    made = call("POST", "/webhook/subscriptions", body=hook, media_type="application/json").json()
    one, path_parameters = "/webhook/subscriptions/{subscriptionId}", {"subscriptionId": made["subscriptionId"]}
    changed = call("PUT", one, path_parameters=path_parameters, body={}, media_type="application/json")
    assert changed.status_code == 200
    assert call("GET", one + "/audit", path_parameters=path_parameters).status_code == 200
    deleted = call("DELETE", one, path_parameters=path_parameters)
    assert deleted.status_code == 200
    assert set(deleted.json()) == {*made, "message"}
