from __future__ import annotations

import asyncio
import hmac
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest
import requests

from seeker_leads_sandbox import Sandbox, SandboxOptions
from seeker_leads_sandbox.calls.addresses import AddressRefusedError, LocalResolver
from tests.http_servers import Quiet, Server

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult

KEY = "key-of-the-subscription"


class Subscriber(Server):
    """Records each call and answers with the given statuses, then with 200."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(_Handler)
        self.url += "/hook"
        self.statuses = list(statuses)
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.changed = threading.Condition()

    def wait_for(self, count: int) -> list[tuple[str, dict[str, str], bytes]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.calls) >= count, 20), len(self.calls)
            return list(self.calls)


class _Handler(Quiet, BaseHTTPRequestHandler):
    server: Subscriber

    def do_POST(self) -> None:  # the base's
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.changed:
            status = self.server.statuses.pop(0) if self.server.statuses else 200
            self.server.calls.append((self.path, dict(self.headers.items()), body))
            self.server.changed.notify_all()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()


def ask(sandbox: Sandbox, method: str, path: str = "", body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {sandbox.options.token}"}
    url = f"{sandbox.api_url}/webhook/subscriptions{path}"
    answer = requests.request(method, url, json=body, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def subscribe(sandbox: Sandbox, url: str) -> str:
    made = ask(sandbox, "POST", body={"url": url, "apiKey": KEY, "status": "ACTIVE"})
    return str(made["subscriptionId"])


def lead_ids(calls: list[tuple[str, dict[str, str], bytes]]) -> list[str]:
    return [json.loads(body)["lead"]["metadata"]["leadId"] for _, _, body in calls]


@pytest.mark.parametrize(
    ("auth", "header"),
    [("header:X-Portal-Key", ("X-Portal-Key", KEY)), ("bearer", ("Authorization", f"Bearer {KEY}")), ("query", None)],
)
def test_key_is_where_the_option_says(auth: str, header: tuple[str, str] | None) -> None:
    """A receiver can be tested with each form that the API's documentation leaves open."""
    options = SandboxOptions(webhook_auth=auth, webhook_path="/leads/new")
    with Subscriber() as server, Sandbox.start(options) as sandbox:
        subscribe(sandbox, f"{server.url}/?x=1")
        ids = sandbox.add_leads(1)
        ((path, headers, body),) = server.wait_for(1)
    assert path == f"/hook/leads/new?x=1{'' if header else f'&key={KEY}'}"
    assert header is None or headers[header[0]] == header[1]
    assert lead_ids([(path, headers, body)]) == ids


def test_signature_is_of_the_body() -> None:
    """With `signature`, the key itself is not sent."""
    with Subscriber() as server, Sandbox.start(SandboxOptions(webhook_auth="signature")) as sandbox:
        subscribe(sandbox, server.url)
        sandbox.add_leads(1)
        ((path, headers, body),) = server.wait_for(1)
    assert headers["X-Signature"] == hmac.new(KEY.encode(), body, "sha256").hexdigest()
    assert KEY not in f"{path} {headers} {body!r}"


def test_new_leads_trigger_calls_and_changed_ones_do_not() -> None:
    """Every new lead triggers a call, whatever its origin; a lead that replaces another, as in an erasure, does not."""
    with Subscriber() as server, Sandbox.start(SandboxOptions(leads=3)) as sandbox:
        subscribe(sandbox, server.url)
        (added,) = sandbox.add_leads(1)
        lead = sandbox.store.get(added)
        assert lead
        sandbox.add_leads(leads=[lead])
        (last,) = sandbox.add_leads(1)
        assert sorted(lead_ids(server.wait_for(2))) == sorted([added, last])


def test_arriving_leads_trigger_calls_without_a_request() -> None:
    """With `--arrivals-per-minute`, calls are made without any request."""
    with Subscriber() as server, Sandbox.start(SandboxOptions(arrivals_per_minute=600)) as sandbox:
        subscribe(sandbox, server.url)
        assert len(set(lead_ids(server.wait_for(3)))) >= 3


def test_failed_call_is_repeated_and_audited() -> None:
    """An answer other than 2xx is a failure, including a redirect, which is not followed; the audit is newest first."""
    with Subscriber(500, 302) as server, Sandbox.start(SandboxOptions(webhook_retry_wait_ms=1)) as sandbox:
        made = subscribe(sandbox, server.url)
        sandbox.add_leads(1)
        calls = server.wait_for(3)
        audit = wait_for_audit(sandbox, made, lambda audit: audit["lastSuccessTimestamp"] is not None)
        limited = ask(sandbox, "GET", f"/{made}/audit?limit=1")
    assert {path for path, _, _ in calls} == {"/hook"}
    events = [(event["status"], event["statusCode"], event["attempt"]) for event in audit["recentEvents"]]
    assert events == [("SUCCESS", 200, 3), ("FAILURE", 302, 2), ("FAILURE", 500, 1)]
    assert limited["recentEvents"] == audit["recentEvents"][:1]


def test_subscription_that_keeps_failing_becomes_inactive_until_it_is_resumed() -> None:
    """After the maximum of failures in a row, the subscription is not called any more; a PUT of ACTIVE starts anew."""
    options = SandboxOptions(webhook_retry_wait_ms=1, webhook_attempts=2, webhook_max_failures=2)
    with Subscriber(500, 500) as server, Sandbox.start(options) as sandbox:
        made = subscribe(sandbox, server.url)
        sandbox.add_leads(1)
        wait_for_audit(sandbox, made, lambda audit: audit["status"] == "INACTIVE")
        sandbox.add_leads(1)
        assert len(server.calls) == 2
        ask(sandbox, "PUT", f"/{made}", {"status": "ACTIVE"})
        (last,) = sandbox.add_leads(1)
        assert lead_ids(server.wait_for(3))[2] == last


def wait_for_audit(sandbox: Sandbox, made: str, condition: Any) -> Any:
    for _ in range(1000):
        audit = ask(sandbox, "GET", f"/{made}/audit?limit=100")
        if condition(audit):
            return audit
    raise AssertionError(audit)


def test_calls_can_be_lost_doubled_and_delayed() -> None:
    """Shares of 0 and 1 mean never and always."""
    with Subscriber() as server, Sandbox.start(SandboxOptions(webhook_loss=1)) as sandbox:
        made = subscribe(sandbox, server.url)
        sandbox.add_leads(5)
        assert ask(sandbox, "GET", f"/{made}/audit")["recentEvents"] == []
        assert server.calls == []
    with Subscriber() as server, Sandbox.start(SandboxOptions(webhook_double=1, webhook_delay_ms=5)) as sandbox:
        subscribe(sandbox, server.url)
        ids = sandbox.add_leads(3)
        assert sorted(lead_ids(server.wait_for(6))) == sorted(ids * 2)


def test_calls_can_come_out_of_order() -> None:
    """A delayed call is overtaken by a later one."""
    with Subscriber() as server, Sandbox.start(SandboxOptions(webhook_reorder=0.5)) as sandbox:
        subscribe(sandbox, server.url)
        ids = [sandbox.add_leads(1)[0] for _ in range(20)]
        came = lead_ids(server.wait_for(20))
    assert sorted(came) == sorted(ids)
    assert came != ids


@pytest.mark.parametrize("url", ["http://192.0.2.1/hook", "http://[2001:db8::1]/hook", "http://10.0.0.1/"])
def test_other_machines_are_not_called(url: str) -> None:
    """A mistake in a subscription sends nothing to the outside world."""
    with Sandbox.start(SandboxOptions(webhook_attempts=1)) as sandbox:
        made = subscribe(sandbox, url)
        sandbox.add_leads(1)
        audit = wait_for_audit(sandbox, made, lambda audit: audit["recentEvents"])
    assert [event["error"] for event in audit["recentEvents"]] == ["ADDRESS_REFUSED"]


def test_name_of_another_machine_is_not_called() -> None:
    """The address decides, not the name; one address on another machine is enough to refuse the call."""

    class Names(LocalResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            hosts = {"near": ["127.0.0.1", "::1"], "far": ["127.0.0.1", "192.0.2.1"]}[host]
            return [
                {"hostname": host, "host": each, "port": port, "family": family, "proto": 0, "flags": 0}
                for each in hosts
            ]

        async def close(self) -> None:
            pass

    resolver = LocalResolver(Names.__new__(Names))
    assert len(asyncio.run(resolver.resolve("near"))) == 2
    with pytest.raises(AddressRefusedError):
        asyncio.run(resolver.resolve("far"))
