"""`seeker-leads-sandbox serve`: the API on this machine until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from seeker_leads_sandbox.options import Bounds, EmptyPeriod, Links, Order, PageStatus, RetryAfter, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import Enum

    from seeker_leads_sandbox.server import Sandbox

_USAGE_ERROR = 2
_WEEK_SECONDS = 7 * 24 * 60 * 60
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
#: Where the command line differs from `SandboxOptions()`: a person wants to see some leads.
_DEFAULT_LEADS = 5000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = _parser()
    parsed = vars(parser.parse_args(arguments))
    port, ready_file, no_limit = parsed.pop("port"), parsed.pop("ready_file"), parsed.pop("no_limit")
    parsed.pop("command")
    try:
        options = SandboxOptions(**parsed, enforce_limit=not no_limit)
    except ValueError as error:
        parser.error(str(error))
    # A person and a supervisor stop the sandbox in the same orderly way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _serve(options, port, ready_file)
    except KeyboardInterrupt:
        return 0


def _serve(options: SandboxOptions, port: int, ready_file: Path | None) -> int:
    try:
        from seeker_leads_sandbox.server import Sandbox  # noqa: PLC0415  # needs the extra; see below
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("seeker_leads"):
            raise
        return _fail(f"the module {error.name} is missing: pip install 'singer-seeker-leads[sandbox]'")
    try:
        sandbox = Sandbox.start(options, port=port)
    except OSError as error:
        return _fail(f"port {port} cannot be had ({error.strerror}); choose another with --port, 0 for any free one")
    with sandbox:
        _introduce(sandbox)
        if ready_file is not None:
            _announce(sandbox, ready_file)
        threading.Event().wait()
    return 0


def _introduce(sandbox: Sandbox) -> None:
    options = sandbox.options
    now = int(time.time())
    period = f"minDate={now - _WEEK_SECONDS}&maxDate={now}"
    sys.stdout.write(
        # The first line is for programs too: they may wait for it and take the URL from it.
        f"api_url:        {sandbox.api_url}\n"
        f"auth_url:       {sandbox.token_url}\n"
        f"auth_token:     {options.token}\n"
        f"or:             client_id: {options.client_id}, client_secret: {options.client_secret}\n"
        f"leads:          {sandbox.leads} from the last {options.days} days\n"
        f"try:            curl -H 'Authorization: Bearer {options.token}' '{sandbox.api_url}/leads?{period}'\n"
        f"stop:           Ctrl-C\n"
    )
    sys.stdout.flush()


def _announce(sandbox: Sandbox, ready_file: Path) -> None:
    # Renamed into place, so that a reader sees the whole file or none.
    unfinished = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
    unfinished.write_text(json.dumps({"api_url": sandbox.api_url, "auth_url": sandbox.token_url}), encoding="utf-8")
    unfinished.replace(ready_file)


def _fail(message: str) -> int:
    sys.stderr.write(f"seeker-leads-sandbox: {message}\n")
    return _USAGE_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="seeker-leads-sandbox", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('singer-seeker-leads')}")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the API", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    serve.add_argument("--port", type=_port, default=8000, help="0: any free one")
    serve.add_argument("--ready-file", type=Path, metavar="PATH", help="JSON with the URLs, written once it answers")
    serve.add_argument("--no-limit", action="store_true", help="do not enforce the rate limit")
    defaults = SandboxOptions(leads=_DEFAULT_LEADS)
    serve.add_argument("--webhook-any-host", action="store_true", help="call subscribers on other machines too")
    for name, (kind, text) in _VALUES.items():
        serve.add_argument(_flag(name), type=kind, default=getattr(defaults, name), metavar=kind.__name__, help=text)
    for name, (enum, text) in _CHOICES.items():
        choices = [choice.value for choice in enum]
        serve.add_argument(_flag(name), choices=choices, default=getattr(defaults, name).value, help=text)
    return parser


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:  # noqa: PLR2004  # the range of ports
        raise ValueError
    return port


if __name__ == "__main__":
    sys.exit(main())
