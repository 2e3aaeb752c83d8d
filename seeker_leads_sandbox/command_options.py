"""The command's options that are fields of `SandboxOptions`, with the fields' defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seeker_leads_sandbox.options import Bounds, EmptyPeriod, Links, Order, PageStatus, RetryAfter, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum

#: The only default that differs from `SandboxOptions()`: a user wants to see some leads.
_DEFAULT_LEADS = 5000
_FLAGS = {"webhook_any_host": "call subscribers on other machines too"}
_CHOICES: dict[str, tuple[type[Enum], str]] = {
    "bounds": (Bounds, "which of minDate and maxDate are inclusive"),
    "order": (Order, "order of the leads"),
    "empty": (EmptyPeriod, "answer to a period without leads"),
    "links": (Links, "form of links.next"),
    "page_status": (PageStatus, "status of a page that more pages follow"),
    "retry_after": (RetryAfter, "form of Retry-After on a 429"),
}
_VALUES: dict[str, tuple[type, str]] = {
    "leads": (int, "leads at the start"),
    "days": (int, "days before now over which they are spread"),
    "seed": (int, "the same seed gives the same sandbox"),
    "arrivals_per_minute": (float, "new leads while it runs"),
    "visible_after_seconds": (int, "seconds from a lead's ingestion date until it is listed"),
    "retention_days": (int, "days after its ingestion date when a lead leaves the API; 0: never"),
    "accounts": (int, "number of agencies that share the leads: intermediary_id agency-1, agency-2 …"),
    "page_cap": (int, "maximum number of leads on a page"),
    "latency_ms": (float, "wait before every answer"),
    "error_rate": (float, "share of requests answered with 500, 503 or 429"),
    "token": (str, "bearer token that is valid from the start"),
    "client_id": (str, "client id to request a token with"),
    "client_secret": (str, "client secret to request a token with"),
    "webhook_auth": (str, "where calls to subscribers carry the key: header:NAME, bearer, query or signature"),
    "webhook_path": (str, "appended to the URL of a subscription"),
    "webhook_loss": (float, "share of calls that are never made"),
    "webhook_double": (float, "share of calls that are made twice"),
    "webhook_delay_ms": (float, "wait before each call"),
    "webhook_reorder": (float, "share of calls that a later call overtakes"),
}


def option_fields(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option to a command for each field that can be set from the command line."""
    defaults = SandboxOptions(leads=_DEFAULT_LEADS)
    options = [
        *(click.option(_flag(name), is_flag=True, help=text) for name, text in _FLAGS.items()),
        *(
            click.option(_flag(name), type=kind, default=getattr(defaults, name), metavar=kind.__name__, help=text)
            for name, (kind, text) in _VALUES.items()
        ),
        *(
            click.option(
                _flag(name),
                type=click.Choice([choice.value for choice in enum]),
                default=getattr(defaults, name).value,
                help=text,
            )
            for name, (enum, text) in _CHOICES.items()
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
