"""Handles Singer messages and passes them to the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from singer_sdk import metrics
from singer_sdk.singerlib.exceptions import InvalidInputLine

from seeker_leads_singer import stream_maps
from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.columns_used import listed_columns
from target_seeker_leads.delivery.incoming import Incoming, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from singer_sdk.mapper import PluginMapper

#: Columns that the SDK's targets add and remove. They describe how a record was processed, not the lead.
_METADATA_COLUMNS = frozenset(
    f"_sdc_{name}"
    for name in (
        *("extracted_at", "received_at", "batched_at", "deleted_at"),
        *("sequence", "table_version", "sync_started_at"),
    )
)


class Receiver(Protocol):
    """Receives records and STATEs: the pipeline of a run, or a tool that only reads them."""

    def take(self, incoming: Incoming, /) -> None:
        """Take a record."""

    def state(self, value: Any, /) -> None:  # noqa: ANN401  # any JSON
        """Take a STATE."""


class Messages:
    """Handles each message according to its type."""

    def __init__(self, mapper: PluginMapper, receiver: Receiver, config: Mapping[str, Any]) -> None:
        self._mapper = mapper
        self._receiver = receiver
        self._config = config
        self._key_properties: dict[str, tuple[str, ...]] = {}
        self._counters: dict[str, metrics.Counter] = {}
        self._handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "SCHEMA": self._schema,
            "RECORD": self._record,
            "STATE": self._state,
            "ACTIVATE_VERSION": self._activate_version,
            "BATCH": self._batch,
        }

    def handle(self, message: dict[str, Any]) -> str:
        """Handle a message and return its type.

        Raises:
            InvalidInputLine: this target does not accept the message.
            SettingsError: the stream maps do not fit a stream.
            FatalError: the run must end; the record of the message is not delivered.
        """
        kind = message.get("type")
        if not isinstance(kind, str) or kind not in self._handlers:
            msg = f"has no known type: {', '.join(self._handlers)}"
            raise InvalidInputLine(msg)
        self._handlers[kind](message)
        return kind

    def log_counts(self) -> None:
        """Log the metric `record_count` of each stream."""
        for counter in self._counters.values():
            counter.exit()

    def _schema(self, message: dict[str, Any]) -> None:
        schema = _require(message, "schema", dict)
        _require(schema, "properties", dict)
        self._register(_require(message, "stream", str), schema, _key_properties(message))

    def _register(self, stream: str, schema: dict[str, Any], key_properties: list[str]) -> None:
        registered = self._mapper.stream_maps.get(stream)
        if registered and (registered[0].raw_schema, registered[0].raw_key_properties) == (schema, key_properties):
            return
        with stream_maps.fitting(self._config):
            self._mapper.register_raw_stream_schema(stream, schema, key_properties)
        self._key_properties[stream] = tuple(key_properties)

    def _record(self, message: dict[str, Any]) -> None:
        stream = _require(message, "stream", str)
        record = _require(message, "record", dict)
        is_replay = "reasons" in message
        if is_replay:
            self._register_replayed(stream, record, _key_properties(message))
        if stream not in self._key_properties:
            msg = "is a RECORD of a stream that had no SCHEMA yet"
            raise InvalidInputLine(msg)
        letter_id = message.get("id") if is_replay else None
        letter_id = letter_id if isinstance(letter_id, str) else None
        self._take_mapped(Source(stream, self._key_properties[stream], record, is_replay, letter_id))

    def _take_mapped(self, source: Source) -> None:
        for stream_map in self._mapper.stream_maps[source.stream]:
            try:
                mapped = stream_map.transform(dict(source.record))
            except Exception as error:
                if not stream_maps.are_at_fault(error, self._config):
                    raise
                reason = _map_failed(error, source.record)
                self._receiver.take(Incoming(source.stream, source.key_properties, source.record, source, reason))
                return
            if mapped is not None:  # otherwise a filter dropped it
                self._take(stream_map.stream_alias, stream_map.transformed_key_properties or (), mapped, source)

    def _take(self, stream: str, key_properties: Sequence[str], mapped: Mapping[str, Any], source: Source) -> None:
        record = {name: value for name, value in mapped.items() if name not in _METADATA_COLUMNS}
        self._receiver.take(Incoming(stream, tuple(key_properties), record, source))
        if stream not in self._counters:
            self._counters[stream] = metrics.record_counter(stream)
        self._counters[stream].increment()

    def _state(self, message: dict[str, Any]) -> None:
        if "value" not in message:
            msg = "lacks a `value`"
            raise InvalidInputLine(msg)
        self._receiver.state(message["value"])

    def _activate_version(self, message: dict[str, Any]) -> None:
        """Do nothing: a lead that was sent cannot be withdrawn."""

    def _batch(self, _: dict[str, Any]) -> None:
        msg = "is a BATCH message, which this target does not support: remove `batch_config` from the tap's settings"
        raise InvalidInputLine(msg)

    def _register_replayed(self, stream: str, record: dict[str, Any], key_properties: list[str]) -> None:
        # A dead-letter file has no SCHEMA; each line carries what is known of its stream.
        if self._key_properties.get(stream) != tuple(key_properties):
            schema: dict[str, Any] = {"properties": {name: {} for name in [*record, *key_properties]}}
            self._register(stream, schema, key_properties)


def _map_failed(error: Exception, record: Mapping[str, Any]) -> Reason:
    at_fault = stream_maps.property_at_fault(error)
    expression = f"the expression of `{at_fault}`" if at_fault else "the expression"
    columns = f"the record has the columns {listed_columns(record, record)}"
    return Reason(
        None,
        f"`stream_maps` could not be evaluated for it ({type(error).__name__})",
        f"Fix {expression} so that it can handle this record, or fix the record, and feed this line again: {columns}",
        source=f"{expression}; {columns}",
    )


def _key_properties(message: dict[str, Any]) -> list[str]:
    names = message.get("key_properties") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        msg = "has `key_properties` that are not a list of names"
        raise InvalidInputLine(msg)
    return names


def _require(message: dict[str, Any], key: str, kind: type) -> Any:  # noqa: ANN401  # of that kind
    if not isinstance(value := message.get(key), kind):
        msg = f"lacks a `{key}` of the right type"
        raise InvalidInputLine(msg)
    return value
