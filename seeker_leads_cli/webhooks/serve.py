"""The command `webhooks serve`."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from seeker_leads_api.errors import SettingsError
from seeker_leads_webhooks.keys import WebhookKeys
from seeker_leads_webhooks.receiver.authentication import Auth
from seeker_leads_webhooks.runner.schedule import Timing
from seeker_leads_webhooks.settings import ServeSettings, parse_command

if TYPE_CHECKING:
    from collections.abc import Callable

_EXAMPLE = """\b
Example:
  seeker-leads webhooks serve --run 'meltano run tap-seeker-leads target-postgres'
"""
_TIMING = Timing()
Decorator: TypeAlias = "Callable[[Callable[..., None]], Callable[..., None]]"
_LEVELS = click.Choice(["debug", "info", "warning", "error"], case_sensitive=False)


def _seconds(name: str, default: float, text: str, *, may_be_0: bool = True) -> Decorator:
    kind = click.FloatRange(0, 86_400, min_open=not may_be_0)
    return click.option(f"--{name}-seconds", type=kind, default=default, show_default=True, help=text)


@click.command(short_help="Answer calls, and run the pipeline.", epilog=_EXAMPLE)
@click.option("--run", "command", required=True, metavar="COMMAND", help="The pipeline. No shell runs it.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="0: any free one.")
@click.option(
    "--auth", default="any", show_default=True, help="Where the key must be: any, header:NAME, query or signature."
)
@click.option(
    "--answer-status", type=click.IntRange(200, 299), default=200, show_default=True, help="The answer to a call."
)
@_seconds("debounce", _TIMING.debounce_seconds, "A run begins once no call came for so long.")
@_seconds("max-wait", _TIMING.max_wait_seconds, "A run begins so long after the first call at the latest.")
@_seconds(
    "recheck", _TIMING.recheck_seconds, "One more run so long after it, for leads that are visible late. 0: none."
)
@_seconds("poll", _TIMING.poll_seconds, "A run begins so long after the last one did, without a call.", may_be_0=False)
@_seconds("run-timeout", 3600, "A run that takes longer is ended.", may_be_0=False)
@click.option(
    "--health-file", type=click.Path(dir_okay=False, path_type=Path), help="JSON as of /healthz, written every 30 s."
)
@click.option("--log-level", type=_LEVELS, default="info", show_default=True, help="Of the log on stderr.")
def serve(command: str, auth: str, log_level: str, **given: Any) -> None:  # noqa: ANN401  # the options above
    """Answer the vendor's calls at once, and run COMMAND: after calls, and every now and then without any.

    The key is in SEEKER_LEADS_WEBHOOK_API_KEY, and while it is replaced the one before in
    SEEKER_LEADS_WEBHOOK_PREVIOUS_API_KEY. Settings of the API are not needed: the pipeline has its own. GET /healthz
    tells of the last call and the last run. SIGTERM and Ctrl-C pass to the run, and end this when it has ended.
    """
    timing = Timing(**{name: given.pop(name) for name in Timing.__dataclass_fields__})
    keys = WebhookKeys.from_environment(os.environ)
    settings = ServeSettings(
        keys,
        Auth.parse(auth),
        parse_command(command),
        timing,
        run_timeout_seconds=given.pop("run_timeout_seconds"),
        **given,
    )
    try:
        from seeker_leads_webhooks.serve import serve as run  # noqa: PLC0415  # needs the extra
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("seeker_leads"):
            raise
        msg = f"The module {error.name} is missing: pip install 'singer-seeker-leads[webhooks]'"
        raise SettingsError(msg) from None
    form = "%(asctime)s | %(levelname)-8s | %(message)s"
    logging.basicConfig(level=log_level.upper(), format=form, force=True)
    run(settings)
