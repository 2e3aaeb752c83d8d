"""The settings of a plugin, from files and variables, as one dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import SettingsError
from seeker_leads_singer.variables import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What `--config` is given instead of a file, to have variables read.
_VARIABLES = "ENV"


@dataclass(frozen=True, slots=True)
class ConfigInput:
    """What `--config` was given, under the names that the SDK's own commands read."""

    config: dict[str, Any]
    parse_env: bool

    @classmethod
    def read(cls, given: Iterable[str]) -> ConfigInput:
        """Read the files, of which a later one goes before an earlier one.

        Raises:
            SettingsError: a file does not hold settings.
        """
        config: dict[str, Any] = {}
        parse_env = False
        for name in given:
            if name == _VARIABLES:
                parse_env = True
            else:
                config |= _read_file(Path(name))
        return cls(config, parse_env)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path.read_text("utf-8"))
    except FileNotFoundError:
        problem = "does not exist: check its path"
    except OSError:
        problem = "cannot be read: check what it is, and its mode"
    except (ValueError, RecursionError):
        problem = "is not JSON: fix it"
    else:
        if isinstance(content, dict):
            return content
        problem = "is not a JSON object: fix it"
    msg = f"The file {str(path)!r} given with --config {problem}"
    raise SettingsError(msg)
