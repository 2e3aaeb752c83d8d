"""The SDK's stream maps, without the fields that the user switched off and without columns that have no schema."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MappingError
from singer_sdk.mapper import RemoveRecordTransform, StreamMap

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads.leads.flattening import with_unknown_in_extra
from tap_seeker_leads.leads.selection import removed_columns, without

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_seeker_leads.leads.selection import Path


def leads_maps(
    stream_maps: Sequence[StreamMap],
    deselected: frozenset[Path],
    settings: Mapping[str, Any] | None,
    stream_name: str,
) -> list[StreamMap]:
    """Return the stream maps, each without the fields that it or the catalog switches off.

    A map that needs no such change is the SDK's own. `settings` is the setting `stream_maps` that defines the maps.
    """
    definitions = _definitions(settings or {}, stream_name)
    result: list[StreamMap] = []
    for stream_map, definition in zip(stream_maps, definitions, strict=True):
        off = deselected | removed_columns(definition)
        is_needed = off or stream_map.flattening_enabled
        is_kept = is_needed and not isinstance(stream_map, RemoveRecordTransform)
        result.append(LeadsMap(stream_map, off) if is_kept else stream_map)
    return result


def _definitions(settings: Mapping[str, Any], stream_name: str) -> list[object]:
    """Return the definition of each of the stream's maps, in the SDK's order: the stream's own map is the first."""
    own: object = None
    others: list[object] = []
    for name, definition in settings.items():
        is_copy = isinstance(definition, dict) and "__source__" in definition
        if not fnmatch(stream_name, definition["__source__"] if is_copy else name):
            continue
        if is_copy:
            others.append(definition)
        else:
            own = definition
    return [own, *others]


class UnflattenableError(MappingError):
    """A user's expression returns an object that has no columns; the message names the map's column, and no value."""


def evaluation_error(error: Exception) -> SettingsError:
    """Return the error of a run in which a stream map failed for a lead."""
    if isinstance(error, UnflattenableError):
        msg = f"`stream_maps`: {error}. Map each of its fields to its own column, or turn flattening off"
    else:
        msg = (
            f"`stream_maps` cannot be evaluated for one of the leads ({type(error).__name__}): handle that case, as in"
            " `contactRequest['email'] if contactRequest else None`"
        )
    return SettingsError(msg)


class LeadsMap(StreamMap):
    """One of the SDK's stream maps, with the removal of fields before it and a check of the columns after it."""

    def __init__(self, stream_map: StreamMap, off: frozenset[Path]) -> None:
        super().__init__(stream_map.stream_alias, stream_map.raw_schema, stream_map.raw_key_properties, None)
        self.transformed_schema = stream_map.transformed_schema
        self.transformed_key_properties = stream_map.transformed_key_properties
        self._map = stream_map
        self._off = off

    def get_filter_result(self, record: dict[str, Any]) -> bool:
        """Return whether the map's filter lets the record pass."""
        return self._map.get_filter_result(record)

    def transform(self, record: dict[str, Any]) -> dict[str, Any] | None:
        """Return the transformed record, or None if the map's filter rejects it.

        Raises:
            UnflattenableError: flattening is on, and a map returns an object with a field that its schema lacks.
        """
        if self._off:
            record = without(record, self._off)
        options = self._map.flattening_options
        if options is None or not self._map.flattening_enabled:
            return self._map.transform(record)
        mapped = self._map.transform(with_unknown_in_extra(record, options.max_level, self._off))
        return None if mapped is None else self._columns(mapped, options.separator)

    def _columns(self, mapped: dict[str, Any], separator: str) -> dict[str, Any]:
        """Return a flattened record with exactly the columns of the schema; those of a null object are null."""
        columns = self.transformed_schema["properties"]
        for name, value in mapped.items():
            if value is not None and name not in columns:
                column = name.partition(separator)[0]  # what follows may be data of a lead
                msg = f"`{column}` is an object with fields that its schema does not have, so it cannot be flattened"
                raise UnflattenableError(msg)
        return {name: mapped.get(name) for name in columns}
