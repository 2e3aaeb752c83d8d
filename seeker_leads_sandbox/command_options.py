"""The command's options that are fields of `SandboxOptions`, each with the field's default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seeker_leads_sandbox.options import Bounds, EmptyPeriod, Links, Order, PageStatus, RetryAfter, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum

#: Where the command line differs from `SandboxOptions()`: a person wants to see some leads.
_DEFAULT_LEADS = 5000
_FLAGS = {"webhook_any_host": "call subscribers on other machines too"}
_CHOICES: dict[str, tuple[type[Enum], str]] = {
    "bounds": (Bounds, "which of minDate and maxDate are inclusive"),
    "order": (Order, "order of the leads"),
    "empty": (EmptyPeriod, "answer to a period without leads"),
    "links": (Links, "form of links.next"),
    "page_status": (PageStatus, "status of a page with more to follow"),
    "retry_after": (RetryAfter, "form of Retry-After on a 429"),
}
_VALUES: dict[str, tuple[type, str]] = {
    "leads": (int, "leads at the start"),
    "days": (int, "they spread over so many days before now"),
    "seed": (int, "the same seed gives the same sandbox"),
    "arrivals_per_minute": (float, "new leads while it runs"),
    "visible_after_seconds": (int, "a lead is listed so long after its ingestion date"),
    "retention_days": (int, "a lead leaves the API so many days after its ingestion date; 0: never"),
    "accounts": (int, "so many agencies, by `intermediary_id`: agency-1 and on, among which the leads are dealt out"),
    "page_cap": (int, "a page never holds more leads"),
    "latency_ms": (float, "before every answer"),
    "error_rate": (float, "share of requests answered with 500, 503 or 429"),
    "token": (str, "the bearer token that works without asking for one"),
    "client_id": (str, "for asking for a token"),
    "client_secret": (str, "for asking for a token"),
    "webhook_auth": (str, "where calls to subscribers hold the key: header:NAME, bearer, query or signature"),
    "webhook_path": (str, "appended to the URL of a subscription"),
    "webhook_loss": (float, "share of calls that are never made"),
    "webhook_double": (float, "share of calls that are made twice"),
    "webhook_delay_ms": (float, "before each call"),
    "webhook_reorder": (float, "share of calls that let a later one pass"),
}


def option_fields(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each field that one can set from the command line."""
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
