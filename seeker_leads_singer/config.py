"""The settings of a plugin, from files and environment variables. No message shows a value."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import find_dotenv, load_dotenv

from seeker_leads_api.errors import SettingsError
from seeker_leads_api.unique_fields import unique_fields
from seeker_leads_singer.log import refuse_unknown_level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from seeker_leads_api import contract

_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


@dataclass(frozen=True, slots=True)
class ConfigInput:
    """The value of `--config`, with the attributes that the SDK's commands read."""

    config: dict[str, Any]
    parse_env: bool


def read_files(paths: Iterable[str]) -> dict[str, Any]:
    """Return the settings of all files; a later file takes precedence.

    Raises:
        SettingsError: a file cannot be read as settings.
    """
    config: dict[str, Any] = {}
    for path in paths:
        config |= _read_file(Path(path))
    return config


def _read_file(path: Path) -> dict[str, Any]:
    try:
        content = _read_json(path.read_text("utf-8"))
    except FileNotFoundError:
        problem = "does not exist: check its path"
    except OSError:
        problem = "cannot be read: check its type and permissions"
    except (ValueError, RecursionError):
        problem = "is not JSON, or an object in it has a field twice: fix it"
    else:
        if isinstance(content, dict):
            return content
        problem = "is not a JSON object: fix it"
    msg = f"The file {str(path)!r} given with --config {problem}"
    raise SettingsError(msg)


def unknown_settings(names: Iterable[str], declared: Iterable[str]) -> list[str]:
    """Return a warning for each undeclared setting, with the declared one of the most similar name."""
    known = sorted(declared)
    warnings = []
    for name in names:
        if name not in known:
            nearest = get_close_matches(name, known, n=1)
            guess = f": did you mean `{nearest[0]}`?" if nearest else ""
            warnings.append(f"The setting `{name}` is unknown and has no effect{guess}")
    return warnings


def variable_prefix(plugin_name: str) -> str:
    """Return the prefix of a plugin's environment variables."""
    return f"{plugin_name.upper().replace('-', '_')}_"


def read_environment(prefix: str, declared: Mapping[str, contract.JsonSchema]) -> dict[str, Any]:
    """Return the declared settings of the environment and of the nearest `.env` file, which takes precedence.

    Raises:
        SettingsError: the file or a setting cannot be read, or the log level is unknown.
    """
    try:
        load_dotenv(find_dotenv(), override=True)
    except (OSError, ValueError):  # not UTF-8, or a NUL
        msg = "The `.env` file cannot be read: save it as UTF-8, and make it readable for the user who runs this"
        raise SettingsError(msg) from None
    refuse_unknown_level(os.environ, prefix)
    return from_environment(os.environ, prefix, declared)


def from_environment(
    variables: Mapping[str, str], prefix: str, declared: Mapping[str, contract.JsonSchema]
) -> dict[str, Any]:
    """Return the declared settings from variables such as `<prefix>MAX_RETRIES`; empty variables are ignored.

    Raises:
        SettingsError: names every setting that cannot be read and its variable, without the value.
    """
    values, problems = {}, []
    for name, declaration in declared.items():
        variable = prefix + name.upper()
        text, kind = variables.get(variable, ""), declaration["type"][0]
        if "string" in declaration["type"] and not text.lstrip().startswith("["):
            kind = "string"  # a list of one text may also be given as that text
        read, wanted = _READERS.get(kind, (str, "a text"))
        if not (text if kind == "string" else text.strip()):
            continue
        try:
            values[name] = read(text)
        except (ValueError, KeyError, RecursionError):
            problems.append(f"`{name}` must be {wanted}: fix the variable {variable}")
    if problems:
        raise SettingsError("; ".join(problems))
    return values


def _read_json(text: str) -> object:
    """Parse JSON text; numbers keep their digits."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=unique_fields)


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and the infinities are not JSON


def _boolean(text: str) -> bool:
    # An unknown word must not mean false: a dry run would then really send.
    return _BOOLEANS[text.strip().lower()]


#: How the text of a variable is read and what it must be, by the first declared type of the setting.
_READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "boolean": (_boolean, "true or false"),
    "integer": (int, "a whole number"),
    "object": (_read_json, "a JSON object"),
    "array": (_read_json, "a JSON list"),
}
