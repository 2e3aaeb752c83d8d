"""Settings from environment variables: texts, read as their declarations say. No message shows a value."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dotenv import find_dotenv, load_dotenv

from seeker_leads_api.errors import SettingsError
from seeker_leads_singer.log import refuse_unknown_level

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seeker_leads_api import contract

_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


def variable_prefix(plugin_name: str) -> str:
    """Return how the names of a plugin's own variables begin."""
    return f"{plugin_name.upper().replace('-', '_')}_"


def read_environment(prefix: str, declared: Mapping[str, contract.JsonSchema]) -> dict[str, Any]:
    """Return the declared settings that the environment gives, with the nearest `.env` file on top of it.

    Raises:
        SettingsError: that file, the log's level or a setting cannot be read.
    """
    try:
        load_dotenv(find_dotenv(), override=True)
    except (OSError, ValueError):  # not UTF-8, or a NUL
        msg = "The `.env` file cannot be read: write it in UTF-8, and make it readable for the user that runs this"
        raise SettingsError(msg) from None
    refuse_unknown_level(os.environ, prefix)
    return from_environment(os.environ, prefix, declared)


def from_environment(
    variables: Mapping[str, str], prefix: str, declared: Mapping[str, contract.JsonSchema]
) -> dict[str, Any]:
    """Return the declared settings that variables such as `<prefix>MAX_RETRIES` give; an empty one gives none.

    Raises:
        SettingsError: names every setting that cannot be read, and its variable, without its value.
    """
    values, problems = {}, []
    for name, declaration in declared.items():
        variable = prefix + name.upper()
        text, kind = variables.get(variable, ""), declaration["type"][0]
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


def read_json(text: str) -> object:
    """Return what a JSON text says; numbers keep their digits.

    Raises:
        ValueError, RecursionError: it is not JSON.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and the infinities are not JSON


def _boolean(text: str) -> bool:
    # An unknown word does not mean false: a dry run would then send for real.
    return _BOOLEANS[text.strip().lower()]


#: How a text is read, and what it must be, by the first of the types that a setting is declared with.
_READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "boolean": (_boolean, "true or false"),
    "integer": (int, "a whole number"),
    "object": (read_json, "a JSON object"),
    "array": (read_json, "a JSON list"),
}
