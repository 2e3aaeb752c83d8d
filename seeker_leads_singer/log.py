"""What the environment asks of the log; the SDK reads it where nothing catches an error yet."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn

from seeker_leads_api.errors import SettingsError
from seeker_leads_singer.command import EXIT_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

_LEVEL, _CONFIG = "LOGLEVEL", "SINGER_SDK_LOG_CONFIG"


@contextlib.contextmanager
def setting_up_the_log(prefix: str) -> Iterator[None]:
    """Within it the SDK sets the log up for the plugin whose own variables begin so.

    Raises:
        SystemExit: with the status of a wrong setting, and one line on stderr, since there is no log yet.
    """
    try:
        refuse_unknown_level(os.environ, prefix)
        yield
    except SettingsError as error:
        _end(str(error))
    except Exception as error:  # whatever YAML and `logging.config` make of a file
        if all(frame.name != "_setup_console_logging" for frame in traceback.extract_tb(error.__traceback__)):
            raise
        _end(f"{_CONFIG}: the file that it names is no configuration of Python's logging ({type(error).__name__})")


def refuse_unknown_level(variables: MutableMapping[str, str], prefix: str) -> None:
    """Check the level that counts, the plugin's own or else the general one; variables set to nothing are taken out.

    Raises:
        SettingsError: there is no such level.
    """
    levels = (f"{prefix}{_LEVEL}", _LEVEL)
    for name in (*levels, _CONFIG):
        if not variables.get(name, "-").strip():
            del variables[name]  # the SDK would take it for a level, or for the folder that we are in
    for name in levels:
        if name in variables:
            if not isinstance(logging.getLevelName(variables[name].upper()), int):
                msg = f"{name} must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"
                raise SettingsError(msg)
            return


def _end(message: str) -> NoReturn:
    if sys.stderr is not None:
        sys.stderr.write(f"{message}\n")
    sys.exit(EXIT_SETTINGS)
