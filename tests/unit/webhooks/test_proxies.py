"""The examples of web servers in front of the receiver: their logs must not contain the webhook key."""

from __future__ import annotations

import re

from tests.pages import PROJECT

EXAMPLES = PROJECT / "examples" / "webhooks"


def test_log_of_nginx_contains_no_key() -> None:
    """Its error log quotes the URL of each call that does not reach the receiver, except at the level `emerg`."""
    text = (EXAMPLES / "nginx.conf").read_text("utf-8")
    assert re.findall(r"^ *error_log .* (\w+);$", text, re.MULTILINE) == ["emerg"]
    (written,) = re.findall(r"^log_format no_query '(.*)';$", text, re.MULTILINE)
    assert re.findall(r"\$\w+", written) == ["$remote_addr", "$time_local", "$request_method", "$uri", "$status"]
    assert re.findall(r"^ *access_log .* (\w+);$", text, re.MULTILINE) == ["no_query"]


def test_log_of_caddy_contains_no_key() -> None:
    """It logs URL and headers of a call that does not reach the receiver, unless a filter of its log deletes them."""
    text = re.sub(r"#.*", "", (EXAMPLES / "Caddyfile").read_text("utf-8"))
    options = text.partition("leads.example.com")[0]
    assert "format filter" in options
    assert {"request>uri delete", "request>headers delete"} <= {line.strip() for line in options.splitlines()}
