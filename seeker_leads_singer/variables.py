"""Settings out of environment variables: texts, read as their declarations say, without a value ever being shown."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import SettingsError
from seeker_leads_singer.log import refuse_unknown_level

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seeker_leads_api import contract

_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


def read_environment(
    prefix: str, declared: Mapping[str, contract.JsonSchema], *, load_dotenv: Callable[[], object]
) -> dict[str, Any]:
    """Return the declared settings that the environment gives, once `load_dotenv` has put a `.env` file into it.

    Raises:
        SettingsError: that file, the log's level or a setting cannot be read.
    """
    try:
        load_dotenv()
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
            problems.append(f"`{name}` must be {wanted}: mend the variable {variable}")
    if problems:
        raise SettingsError("; ".join(problems))
    return values


def _boolean(text: str) -> bool:
    # A word that is not known is no "false": a rehearsal would then send for real.
    return _BOOLEANS[text.strip().lower()]


def _json(text: str) -> object:
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and infinities are no JSON


#: How a text is read, and what it must be, by the first of the types that a setting is declared with.
_READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "boolean": (_boolean, "true or false"),
    "integer": (int, "a whole number"),
    "object": (_json, "a JSON object"),
    "array": (_json, "a JSON list"),
}
