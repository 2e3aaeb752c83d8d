"""Ends a plugin's command after an error with one line that says what to do, and a non-zero exit status."""

from __future__ import annotations

import gc
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any, NoReturn

from singer_sdk.plugin_base import SingerCommand

from seeker_leads_api.errors import SeekerLeadsError, SettingsError, StoppedError
from seeker_leads_singer.signals import command_is_over

EXIT_SETTINGS = 2
EXIT_FAILED = 1
EXIT_SIGNAL = 128  # plus the number of the signal, as shells do


class PluginCommand(SingerCommand):
    """Logs an error that reaches `main` as one line.

    For an unexpected error, the line shows only its type and location: its text and a traceback may contain personal
    data.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # the command's
        """Run the command.

        Raises:
            SystemExit: with 2 for a wrong setting, 128 plus the signal's number after a signal, 1 for any other error.
        """
        # Imported modules are never freed. Without this, the garbage collector scans them again and again, also at
        # exit, which takes a fifth of the time of a run without new leads.
        gc.freeze()
        try:
            try:
                return super().main(*args, **kwargs)
            finally:
                command_is_over()
        except Exception as error:  # noqa: BLE001  # a last resort, since a traceback may contain data
            self._end(*ending(error))

    def _end(self, message: str, status: int) -> NoReturn:
        self.logger.critical(message)
        # An error during `--test` leaves the files of other options open. Meltano turns warnings on: without this,
        # warnings about these files would follow the line that matters.
        warnings.simplefilter("ignore", ResourceWarning)
        sys.exit(status)


def ending(error: Exception) -> tuple[str, int]:
    """Return the line to show for the error that ends a command, and the exit status."""
    match error:
        case SettingsError():
            return str(error), EXIT_SETTINGS
        case StoppedError():
            return str(error), EXIT_SIGNAL + error.signal_number
        case SeekerLeadsError():
            return str(error), EXIT_FAILED
        case _:
            return f"{describe(error)}. Please report it: this is a defect", EXIT_FAILED


def describe(error: BaseException) -> str:
    """Return the type and location of an unexpected error, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return f"Unexpected {type(error).__name__} at {places}"
