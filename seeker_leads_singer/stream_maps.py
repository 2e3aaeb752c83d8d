"""Checks the user's `stream_maps`, and recognises and reports their errors."""

from __future__ import annotations

import contextlib
import json
import re
import traceback
from fnmatch import fnmatch
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MappingError, SingerSDKError

from seeker_leads_api.errors import SeekerLeadsError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

#: Faker's name in expressions.
_FAKE = re.compile(r"\bfake\.")


def are_at_fault(error: Exception, config: Mapping[str, Any]) -> bool:
    """Return whether an error of code that evaluates stream maps comes from their expressions.

    Expressions can raise any error, so this is any error that the project and the SDK do not raise for another reason.
    """
    return bool(config.get("stream_maps")) and not _is_for_another_reason(error)


def property_at_fault(error: Exception) -> str | None:
    """Return the property whose expression raised an error, `__filter__` for a filter, or None if it is unknown.

    The SDK's error does not name it, so it is read from the frame in which the SDK evaluates expressions.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "_eval" and "property_name" in frame.f_locals:
            name = frame.f_locals["property_name"]
            return "__filter__" if name is None else str(name)
    return None


def _is_for_another_reason(error: Exception) -> bool:
    return isinstance(error, (SeekerLeadsError, SingerSDKError)) and not isinstance(error, MappingError)


def refuse_unmatched(config: Mapping[str, Any], streams: Mapping[str, Collection[str]]) -> None:
    """Check that stream maps name existing streams and remove existing columns; `streams` maps streams to columns.

    Raises:
        SettingsError: names the stream or column that matches nothing, and those that exist.
    """
    maps = config.get("stream_maps")
    for name, definition in (maps if isinstance(maps, dict) else {}).items():
        source = definition.get("__source__", name) if isinstance(definition, dict) else name
        if name == "__else__":
            continue
        matched = [stream for stream in streams if fnmatch(stream, str(source))]
        if not matched:
            msg = f"`stream_maps` names the unknown stream `{source}`. Existing streams: {', '.join(streams)}"
            raise SettingsError(msg)
        columns = {column for stream in matched for column in streams[stream]}
        for column, expression in definition.items() if isinstance(definition, dict) else ():
            _refuse_unknown_column(column, expression, columns, str(config.get("flattening_separator") or "__"))


def _refuse_unknown_column(column: str, expression: object, columns: Collection[str], separator: str) -> None:
    if column in columns or column.startswith("__"):
        return
    if column.partition(separator)[0] in columns:
        msg = (
            f"`stream_maps` names `{column}`, which flattening creates after the maps: deselect the"
            f" field in the catalog, or map all of `{column.partition(separator)[0]}`"
        )
        raise SettingsError(msg)
    if expression in (None, "__NULL__"):
        msg = f"`stream_maps` removes the unknown column `{column}`. Existing columns: {', '.join(sorted(columns))}"
        raise SettingsError(msg)


def refuse_unusable(config: Mapping[str, Any]) -> None:
    """Check that stream maps and flattening have what they need besides their own settings.

    Raises:
        SettingsError: names what is missing.
    """
    if config.get("flattening_enabled") and config.get("flattening_max_depth") is None:
        msg = "`flattening_enabled` needs `flattening_max_depth`: set it, for example to 1"
        raise SettingsError(msg)
    if find_spec("faker") is None and _FAKE.search(json.dumps(config.get("stream_maps"), default=str)):
        msg = "`stream_maps` uses `fake`, which needs the package Faker: install singer-seeker-leads[faker]"
        raise SettingsError(msg)


@contextlib.contextmanager
def fitting(config: Mapping[str, Any]) -> Iterator[None]:
    """Set up stream maps and flattening within this context.

    Raises:
        SettingsError: they do not fit their stream.
    """
    refuse_unusable(config)
    try:
        yield
    except Exception as error:
        settings = [name for name in ("stream_maps", "flattening_enabled") if config.get(name)]
        if _is_for_another_reason(error) or not settings:
            raise
        # Only the text of the SDK's own errors is free of personal data.
        reason = str(error) if isinstance(error, MappingError) else type(error).__name__
        msg = f"{' and '.join(f'`{name}`' for name in settings)} does not fit the stream: {reason}"
        raise SettingsError(msg) from None
