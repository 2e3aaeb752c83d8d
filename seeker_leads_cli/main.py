"""The command `seeker-leads`: a click group; each of its commands has a package of its own."""

from __future__ import annotations

import contextlib
import io
import logging
import signal
import sys
import threading
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import click

from seeker_leads_api.errors import StoppedError
from seeker_leads_cli.doctor.command import doctor
from seeker_leads_cli.ledger.command import ledger
from seeker_leads_cli.options import example
from seeker_leads_cli.preview.command import preview
from seeker_leads_cli.rejects.command import rejects
from seeker_leads_cli.retention.command import retention
from seeker_leads_cli.send.command import send
from seeker_leads_cli.webhooks.command import webhooks
from seeker_leads_singer.command import ending
from seeker_leads_singer.package import PACKAGE_NAME
from seeker_leads_singer.visible import VisibleFormatter, visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Tool(click.Group):
    """Prints an error that reaches `main` as one line on stderr.

    For an unexpected error, the line shows only its type and location: its text and a traceback may contain personal
    data.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # the command's
        """Run the tool.

        Raises:
            SystemExit: with 2 for a wrong setting, option or file, 128 plus the signal's number after a signal, 1 for
                any other error.
        """
        try:
            return super().main(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  # a last resort, since a traceback may contain data
            message, status = ending(error)
            click.echo(visible(message), err=True)
            sys.exit(status)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # the command's
        """Run a command; a signal stops it gracefully, so that no temporary file with personal data is left."""
        try:
            with _signals_as_ctrl_c():
                return super().invoke(ctx)
        except _SignalReceived as error:
            raise StoppedError(error.number) from None
        except KeyboardInterrupt:
            raise StoppedError(signal.SIGINT) from None


class _SignalReceived(KeyboardInterrupt):
    """A signal that ends a command in the same way as Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextlib.contextmanager
def _signals_as_ctrl_c() -> Iterator[None]:
    """Handle SIGTERM, and SIGHUP from a closed terminal, unless they are ignored, as with `nohup`."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return

    def end(number: int, _: FrameType | None) -> None:
        raise _SignalReceived(number)

    numbers = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


@click.group(
    cls=Tool,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=example("preview export-crm.csv", "send export-crm.csv --config config.json"),
)
@click.version_option(version(PACKAGE_NAME), message="%(prog)s v%(version)s", prog_name="seeker-leads")
def main() -> None:
    """Check and send files of leads, fix dead letters, load new leads within seconds, and delete old ones in time."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # for characters that the terminal cannot show
    # The SDK's metrics are for monitoring, not for a person at a terminal.
    handler = logging.StreamHandler()
    handler.setFormatter(VisibleFormatter(logging.Formatter()))
    handler.addFilter(lambda record: record.name != "singer_sdk.metrics")
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


main.add_command(doctor)
main.add_command(ledger)
main.add_command(preview)
main.add_command(rejects)
main.add_command(retention)
main.add_command(send)
main.add_command(webhooks)
