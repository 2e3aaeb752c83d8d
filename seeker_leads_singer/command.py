"""How a program of ours ends on an error: one line that says what to do, and a non-zero exit status."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from seeker_leads_api.errors import SeekerLeadsError, SettingsError, StoppedError

if TYPE_CHECKING:
    import logging

    import click
    from typing_extensions import Self

EXIT_SETTINGS = 2
EXIT_FAILED = 1
EXIT_SIGNAL = 128  # plus the number of the signal, as shells do


class OneLineErrors:
    """Mixed into a command in front of its class: turns errors that reach its `main` into one logged line.

    An unexpected error is shown by its type and place only: its text and a traceback's may hold a person's data.
    """

    logger: logging.Logger

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  # the command's
        super().__init__(**kwargs)

    @classmethod
    def of(cls, command: click.Command, logger: logging.Logger) -> Self:
        """Return the same command, with errors that end as one line."""
        return cls(
            name=command.name,
            callback=command.callback,
            context_settings=command.context_settings,
            params=command.params,
            help=command.help,
            logger=logger,
        )

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # the command's
        """Run the command.

        Raises:
            SystemExit: with 2 for a wrong setting, 128 and the signal after a signal, 1 for any other error.
        """
        try:
            return super().main(*args, **kwargs)  # type: ignore[misc]  # the class that this is mixed into has it
        except SettingsError as error:
            self._end(str(error), EXIT_SETTINGS)
        except StoppedError as error:
            self._end(str(error), EXIT_SIGNAL + error.signal_number)
        except SeekerLeadsError as error:
            self._end(str(error), EXIT_FAILED)
        except Exception as error:  # noqa: BLE001  # the last resort, so that no traceback with data is printed
            if problem := _problem_of_a_file(error):
                self._end(f"A file given with --config {problem}", EXIT_SETTINGS)
            self._end(f"{describe(error)}. Please report it: this is a defect", EXIT_FAILED)

    def _end(self, message: str, status: int) -> NoReturn:
        self.logger.critical(message)
        sys.exit(status)


def _problem_of_a_file(error: Exception) -> str | None:
    """Say what is wrong with a file of settings, which the SDK reads; of other files the tap says it itself."""
    frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    if frames[-1] == "from_cli_args":  # which adds what it read to a dict
        return "is no JSON object: mend it"
    if "read_json_file" not in frames:
        return None
    if isinstance(error, FileNotFoundError):
        return "does not exist: check its path"
    if isinstance(error, OSError):
        return "cannot be read: check what it is, and its mode"
    return "is not JSON: mend it"


def describe(error: BaseException) -> str:
    """Return type and place of an unexpected error, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return f"Unexpected {type(error).__name__} at {places}"
