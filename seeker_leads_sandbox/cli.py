"""`seeker-leads-sandbox serve`: the API on this machine until Ctrl-C."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from seeker_leads_sandbox.command_options import option_fields
from seeker_leads_sandbox.options import HOST, SandboxOptions

if TYPE_CHECKING:
    from seeker_leads_sandbox.server import Sandbox

_WEEK_SECONDS = 7 * 24 * 60 * 60
_EXAMPLE = """\b
Example:
  seeker-leads-sandbox serve --arrivals-per-minute 20
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXAMPLE)
@click.version_option(version("singer-seeker-leads"), prog_name="seeker-leads-sandbox", message="%(prog)s %(version)s")
def main() -> None:
    """Run the Seeker Leads API on your machine, with invented people and a page that shows what happens."""


@main.command(context_settings={"show_default": True})
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="port to listen on; 0: any free one")
@click.option(
    "--host", default=HOST, metavar="ADDRESS", help="address to listen on; 0.0.0.0 lets other machines connect"
)
@click.option("--ready-file", type=click.Path(path_type=Path), help="JSON with the URLs, written when it is ready")
@click.option("--no-limit", is_flag=True, help="do not enforce the rate limit")
@click.option("--no-access-log", is_flag=True, help="do not log requests on stderr")
@option_fields
def serve(
    *, port: int, host: str, ready_file: Path | None, no_limit: bool, no_access_log: bool, **fields: object
) -> None:
    """Serve the API, and its page at `/`, until Ctrl-C."""
    try:
        options = SandboxOptions(**fields, enforce_limit=not no_limit)  # type: ignore[arg-type]  # click checks the types
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    # SIGTERM from a supervisor stops the sandbox as gracefully as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _serve(options, host, port, ready_file, is_logging=not no_access_log)
    except KeyboardInterrupt:
        sys.exit(0)


def _serve(options: SandboxOptions, host: str, port: int, ready_file: Path | None, *, is_logging: bool) -> None:
    try:
        from seeker_leads_sandbox.server import Sandbox  # noqa: PLC0415  # needs the extra; see below
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("seeker_leads"):
            raise
        _fail(f"the module {error.name} is missing: install singer-seeker-leads[sandbox]")
    try:
        sandbox = Sandbox.start(options, host=host, port=port)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]
        place, cure = (f"port {port}", "") if host == HOST else (f"port {port} of {host}", ", or with --host")
        _fail(f"{place} is not available ({reason}); choose another with --port, 0 for any free one{cure}")
    with sandbox:
        if is_logging:
            _log_to_stderr(sandbox.access_log)
        if ready_file is not None:
            _announce(sandbox, ready_file)
        _introduce(sandbox, host)
        threading.Event().wait()


def _log_to_stderr(logger: logging.Logger) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _introduce(sandbox: Sandbox, host: str) -> None:
    options = sandbox.options
    now = int(time.time())
    period = f"minDate={now - _WEEK_SECONDS}&maxDate={now}"
    if sandbox.is_reachable_from_outside:
        # Printed first, because other machines can connect from this moment on.
        click.echo(
            f"seeker-leads-sandbox: warning: other machines can connect ({host}). They can "
            "see all POSTed data and press every button, so send invented people only",
            err=True,
        )
    click.echo(
        # The first line is also for programs: they can wait for it and read the URL from it.
        f"api_url:        {sandbox.api_url}\n"
        f"auth_url:       {sandbox.token_url}\n"
        f"auth_token:     {options.token}\n"
        f"or:             client_id: {options.client_id}, client_secret: {options.client_secret}\n"
        f"leads:          {sandbox.leads} from the last {options.days} days\n"
        f"try:            curl -H 'Authorization: Bearer {options.token}' '{sandbox.api_url}/leads?{period}'\n"
        f"page:           {sandbox.url}/\n"
        f"stop:           Ctrl-C"
    )


def _announce(sandbox: Sandbox, ready_file: Path) -> None:
    # Renamed into place, so that a reader sees either the whole file or no file.
    unfinished = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
    unfinished.write_text(json.dumps({"api_url": sandbox.api_url, "auth_url": sandbox.token_url}), encoding="utf-8")
    unfinished.replace(ready_file)


def _fail(message: str) -> NoReturn:
    click.echo(f"seeker-leads-sandbox: {message}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main(prog_name="seeker-leads-sandbox")
