"""The command `webhooks serve`."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import click

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.options import Decorator, example
from seeker_leads_webhooks.background_log import BackgroundHandler
from seeker_leads_webhooks.keys import WebhookKeys
from seeker_leads_webhooks.receiver.authentication import Auth
from seeker_leads_webhooks.runner.schedule import Timing
from seeker_leads_webhooks.settings import ServeSettings, parse_command

_STDERR = 2
_TIMING = Timing()
_LEVELS = click.Choice(["debug", "info", "warning", "error"], case_sensitive=False)


def _seconds(name: str, default: float, text: str, *, may_be_0: bool = True) -> Decorator:
    kind = click.FloatRange(0, 86_400, min_open=not may_be_0)
    return click.option(f"--{name}-seconds", type=kind, default=default, show_default=True, help=text)


@click.command(
    short_help="Answer calls, and run the pipeline.",
    epilog=example("webhooks serve --run 'meltano run tap-seeker-leads target-postgres'"),
)
@click.option("--run", "command", required=True, metavar="COMMAND", help="The pipeline, run without a shell.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="0: any free port.")
@click.option(
    "--auth", default="any", show_default=True, help="Where the key must be: any, header:NAME, query or signature."
)
@click.option(
    "--answer-status",
    type=click.IntRange(200, 299),
    default=200,
    show_default=True,
    help="Status of the answer to a call.",
)
@_seconds("debounce", _TIMING.debounce_seconds, "Start a run after a call and this time without another one.")
@_seconds("max-wait", _TIMING.max_wait_seconds, "Start it at most this long after the first call.")
@_seconds("recheck", _TIMING.recheck_seconds, "Repeat the run of a call after this time, for late leads. 0: never.")
@_seconds("poll", _TIMING.poll_seconds, "Without calls, start a run this long after the last start.", may_be_0=False)
@_seconds("run-timeout", 3600, "End a run that takes longer.", may_be_0=False)
@click.option(
    "--health-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the JSON of /healthz here, every 30 s.",
)
@click.option("--log-level", type=_LEVELS, default="info", show_default=True, help="Level of the log on stderr.")
def serve(command: str, auth: str, log_level: str, **options: Any) -> None:  # noqa: ANN401  # the options above
    """Answer the vendor's calls at once, and run COMMAND: after calls, and at regular intervals without them.

    The key is read from SEEKER_LEADS_WEBHOOK_API_KEY; while you replace it, the old key is read from
    SEEKER_LEADS_WEBHOOK_PREVIOUS_API_KEY. Settings of the API are not needed: the pipeline has its own. GET /healthz
    reports the last call and the last run. SIGTERM and Ctrl-C are passed on to the run; the receiver exits after it.
    """
    timing = Timing(**{name: options.pop(name) for name in Timing.__dataclass_fields__})
    keys = WebhookKeys.from_environment(os.environ)
    settings = ServeSettings(
        keys,
        Auth.parse(auth),
        parse_command(command),
        timing,
        run_timeout_seconds=options.pop("run_timeout_seconds"),
        **options,
    )
    try:
        from seeker_leads_webhooks.serve import serve as run  # noqa: PLC0415  # needs the extra
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("seeker_leads"):
            raise
        msg = f"The module {error.name} is missing: install singer-seeker-leads[webhooks]"
        raise SettingsError(msg) from None
    form = "%(asctime)s | %(levelname)-8s | %(message)s"
    handlers = [BackgroundHandler(_STDERR)]
    logging.basicConfig(level=log_level.upper(), format=form, handlers=handlers, force=True)
    run(settings)
