"""The plugins' log: its settings in the environment, which the SDK reads before any error is handled, and its lines."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from seeker_leads_api.errors import SettingsError
from seeker_leads_singer.command import EXIT_SETTINGS
from seeker_leads_singer.visible import make_visible

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

_LEVEL, _CONFIG = "LOGLEVEL", "SINGER_SDK_LOG_CONFIG"


@contextlib.contextmanager
def setting_up_the_log(prefix: str) -> Iterator[None]:
    """Wrap the SDK's log setup, and nothing else; `prefix` is the prefix of the plugin's variables.

    Raises:
        SystemExit: with the status of a wrong setting; the message goes to stderr, since there is no log yet.
    """
    try:
        refuse_unknown_level(os.environ, prefix)
        yield
        make_visible(logging.getLogger())
    except SettingsError as error:
        _end(str(error))
    except Exception as error:  # noqa: BLE001  # YAML and `logging.config` raise many types
        _end(f"{_CONFIG} names a file that does not configure Python's logging ({type(error).__name__}): fix it")


def refuse_unknown_level(variables: MutableMapping[str, str], prefix: str) -> None:
    """Check the log level: the plugin's own or else the general one. Remove empty variables.

    Raises:
        SettingsError: the level is unknown.
    """
    levels = (f"{prefix}{_LEVEL}", _LEVEL)
    for name in (*levels, _CONFIG):
        if not variables.get(name, "-").strip():
            del variables[name]  # the SDK would read it as a level, or as the current folder
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
