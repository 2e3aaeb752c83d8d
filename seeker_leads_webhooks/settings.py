"""The settings of the receiver and its runner, from the command line."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeker_leads_api.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_webhooks.keys import WebhookKeys
    from seeker_leads_webhooks.receiver.authentication import Auth
    from seeker_leads_webhooks.runner.schedule import Timing


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Everything that `serve` needs."""

    keys: WebhookKeys
    auth: Auth
    command: tuple[str, ...]  #: the pipeline, as a program and its arguments
    timing: Timing
    host: str = "127.0.0.1"
    port: int = 8080  #: 0: any free port
    answer_status: int = 200
    run_timeout_seconds: float = 3600.0
    health_file: Path | None = None


def parse_command(text: str) -> tuple[str, ...]:
    """Return the program and the arguments of a command line, as a shell would split it; no shell runs it.

    Raises:
        SettingsError: the command line is not valid, or the program does not exist.
    """
    try:
        command = tuple(shlex.split(text))
    except ValueError:
        msg = "`--run`: a quotation mark is not closed: close it"
        raise SettingsError(msg) from None
    if not command:
        msg = "`--run` is empty: give the command, e.g. --run 'meltano run tap-seeker-leads target-postgres'"
        raise SettingsError(msg)
    if shutil.which(command[0]) is None:
        # The command line may contain a secret, but its first word is the name of the program.
        msg = f"`--run`: the program {command[0]!r} is not found: check PATH, or give its full path"
        raise SettingsError(msg)
    return command
