"""Singer messages on their way to the pipeline. The SDK has no public hooks for them: its private ones are all here."""

from __future__ import annotations

import logging
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MappingError
from singer_sdk.singerlib.exceptions import InvalidInputLine
from singer_sdk.target_base import Target

from seeker_leads_api.errors import SeekerLeadsError, SettingsError
from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.incoming import Incoming, Source

if TYPE_CHECKING:
    from target_seeker_leads.delivery.pipeline import Pipeline


class MessageHooks(Target):
    """What a target does with each kind of message."""

    _MAX_RECORD_AGE_IN_MINUTES = float("inf")  # no record waits for a batch to be drained
    #: The record in hand, before its stream maps.
    _source: Source

    @property
    @abstractmethod
    def pipeline(self) -> Pipeline:
        """Where records and STATEs go."""

    def setup_mapper(self) -> None:
        """Set the SDK's stream maps up. At DEBUG they log what a filter's expression gives: anybody's data."""
        logging.getLogger("singer_sdk.mapper").setLevel(logging.INFO)
        self._raw_keys: dict[str, list[str]] = {}
        super().setup_mapper()

    def take(self, stream: str, key_properties: tuple[str, ...], record: dict[str, Any]) -> None:
        """Have a record of the message in hand delivered, as the stream maps made it.

        Raises:
            _DeliveryError: the run must end; its cause says why.
        """
        try:
            self.pipeline.take(Incoming(stream, key_properties, record, self._source))
        except Exception as error:
            raise _DeliveryError from error

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        stream = _require(message_dict, "stream", str)
        _require(message_dict, "schema", dict)
        keys = _key_properties(message_dict)
        try:
            super()._process_schema_message(message_dict)
        except (InvalidInputLine, SeekerLeadsError):
            raise
        except Exception as error:
            if not self.config.get("stream_maps"):
                raise
            words = str(error) if isinstance(error, MappingError) else type(error).__name__
            msg = f"`stream_maps` does not fit this stream: {words}"
            raise SettingsError(msg) from None
        self._raw_keys[stream] = keys

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        stream = _require(message_dict, "stream", str)
        record = _require(message_dict, "record", dict)
        is_replay = "reasons" in message_dict
        if is_replay:
            self._register_replayed(stream, record, _key_properties(message_dict))
        if stream not in self._raw_keys:
            msg = "is a RECORD of a stream that had no SCHEMA yet"
            raise InvalidInputLine(msg)
        self._source = source = Source(stream, tuple(self._raw_keys[stream]), record, is_replay=is_replay)
        try:
            super()._process_record_message(message_dict)
        except _DeliveryError as error:
            raise error.__cause__ or error from None
        except Exception as error:
            if not self.config.get("stream_maps"):
                raise
            reason = Reason(
                None,
                f"`stream_maps` could not be evaluated for it ({type(error).__name__})",
                "Mend the expression so that it stands this record, or the record, and feed this line again",
            )
            self.pipeline.take(Incoming(stream, source.key_properties, record, source, reason))

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        # The SDK's waits for the end of the run, or for five minutes.
        self._assert_line_requires(message_dict, requires={"value"})
        self.pipeline.state(message_dict["value"])

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        pass  # a lead that was sent cannot be taken back: a source that was read anew deletes nothing here

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:  # noqa: ARG002  # the SDK's
        msg = "is a BATCH message, which this target does not take: remove `batch_config` from the tap's settings"
        raise InvalidInputLine(msg)

    def _register_replayed(self, stream: str, record: dict[str, Any], key_properties: list[str]) -> None:
        # A file of dead letters has no SCHEMA; each of its lines says what was known of its stream.
        if self._raw_keys.get(stream) != key_properties:
            schema: dict[str, Any] = {"properties": {key: {} for key in [*record, *key_properties]}}
            self._process_schema_message(
                {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": key_properties}
            )


class _DeliveryError(Exception):
    """Carries an error of the delivery past what looks after errors of the stream maps."""


def _key_properties(message: dict[str, Any]) -> list[str]:
    names = message.get("key_properties") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        msg = "has `key_properties` that are no list of names"
        raise InvalidInputLine(msg)
    return names


def _require(message: dict[str, Any], key: str, kind: type) -> Any:  # noqa: ANN401  # of that kind
    if not isinstance(value := message.get(key), kind):
        msg = f"lacks a `{key}` of the right type"
        raise InvalidInputLine(msg)
    return value
