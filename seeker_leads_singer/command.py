"""How a plugin's command ends on an error: one line that says what to do, and a non-zero exit status."""

from __future__ import annotations

import gc
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from singer_sdk.plugin_base import SingerCommand

from seeker_leads_api.errors import SeekerLeadsError, SettingsError, StoppedError

EXIT_SETTINGS = 2
EXIT_FAILED = 1
EXIT_SIGNAL = 128  # plus the number of the signal, as shells do


class PluginCommand(SingerCommand):
    """Turns an error that reaches its `main` into one logged line.

    An unexpected error is shown by its type and place only: its text and a traceback may hold a person's data.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # the command's
        """Run the command.

        Raises:
            SystemExit: with 2 for a wrong setting, 128 and the signal after a signal, 1 for any other error.
        """
        # Imported modules stay to the end. Without this, the garbage collector looks through them again and again, and
        # at the exit, which costs a fifth of a run that finds nothing new.
        gc.freeze()
        try:
            return super().main(*args, **kwargs)
        except SettingsError as error:
            self._end(str(error), EXIT_SETTINGS)
        except StoppedError as error:
            self._end(str(error), EXIT_SIGNAL + error.signal_number)
        except SeekerLeadsError as error:
            self._end(str(error), EXIT_FAILED)
        except Exception as error:  # noqa: BLE001  # the last resort, so that no traceback with data is printed
            self._end(f"{describe(error)}. Please report it: this is a defect", EXIT_FAILED)

    def _end(self, message: str, status: int) -> NoReturn:
        self.logger.critical(message)
        sys.exit(status)


def describe(error: BaseException) -> str:
    """Return type and place of an unexpected error, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return f"Unexpected {type(error).__name__} at {places}"
