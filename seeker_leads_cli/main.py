"""The command `seeker-leads`: a group, each command of which is a module of its own."""

from __future__ import annotations

import io
import logging
import signal
import sys
from importlib.metadata import version
from typing import Any, NoReturn

import click

from seeker_leads_api.errors import SeekerLeadsError, SettingsError, StoppedError
from seeker_leads_cli.doctor.command import doctor
from seeker_leads_cli.ledger.command import ledger
from seeker_leads_cli.preview.command import preview
from seeker_leads_cli.rejects.command import rejects
from seeker_leads_cli.retention.command import retention
from seeker_leads_cli.send.command import send
from seeker_leads_cli.webhooks.command import webhooks
from seeker_leads_singer.command import EXIT_FAILED, EXIT_SETTINGS, EXIT_SIGNAL, describe
from seeker_leads_singer.package import PACKAGE_NAME


class Tool(click.Group):
    """Turns an error that reaches its `main` into one line on stderr.

    An unexpected error is shown by its type and place only: its text and a traceback may hold a person's data.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # the command's
        """Run the tool.

        Raises:
            SystemExit: with 2 for a wrong setting, option or file, 128 and the signal after a signal, 1 for any other
                error.
        """
        try:
            return super().main(*args, **kwargs)
        except SettingsError as error:
            _end(str(error), EXIT_SETTINGS)
        except StoppedError as error:
            _end(str(error), EXIT_SIGNAL + error.signal_number)
        except SeekerLeadsError as error:
            _end(str(error), EXIT_FAILED)
        except Exception as error:  # noqa: BLE001  # the last resort, so that no traceback with data is printed
            _end(f"{describe(error)}. Please report it: this is a defect", EXIT_FAILED)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # the command's
        """Run a command; Ctrl-C ends it as a signal ends tap and target."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise StoppedError(signal.SIGINT) from None


def _end(message: str, status: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(status)


_EXAMPLE = """\b
Example:
  seeker-leads preview export-crm.csv
  seeker-leads send export-crm.csv --config config.json
"""


@click.group(cls=Tool, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXAMPLE)
@click.version_option(version(PACKAGE_NAME), message="%(prog)s v%(version)s", prog_name="seeker-leads")
def main() -> None:
    """Look at files of leads, send them, have new leads loaded within seconds, and old ones deleted as the law asks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character shows another one
    # What the SDK tells programs that watch a run is of no use to a person who looks on.
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: record.name != "singer_sdk.metrics")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])


main.add_command(doctor)
main.add_command(ledger)
main.add_command(preview)
main.add_command(rejects)
main.add_command(retention)
main.add_command(send)
main.add_command(webhooks)
