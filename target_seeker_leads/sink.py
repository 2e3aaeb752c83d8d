"""A stream of records, handed on one by one to the pool that all streams share."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol

from singer_sdk.sinks import RecordSink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.sinks.core import BaseJSONSchemaValidator
    from singer_sdk.target_base import Target


class TakesRecords(Protocol):
    """What a sink needs of its target."""

    def take(self, stream: str, key_properties: tuple[str, ...], record: dict[str, Any]) -> None:
        """Have a record delivered."""


class LeadSink(RecordSink):
    """Leaves all checks to the delivery: the SDK's own end the run, log the record, and change its values.

    A record sink, since batches would hold each STATE back until the slowest lead of its batch has arrived. BATCH
    messages, which a record sink would lose, never come here: the target refuses them.
    """

    def __init__(
        self,
        target: Target,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        # An open schema keeps the SDK from parsing dates, and from a warning for each field that a SCHEMA lacks.
        super().__init__(target, stream_name, {"properties": {}, "additionalProperties": True}, None)
        self.original_schema = copy.deepcopy(schema)  # what the target compares a new SCHEMA with
        self._own_key_properties = tuple(key_properties or ())
        self._takes_records: TakesRecords = target  # type: ignore[assignment]  # the one target that has this sink

    @property
    def key_properties(self) -> Sequence[str]:
        """The stream's key. A record without it is no error here: its content then tells whether it was sent."""
        return list(self._own_key_properties)

    @property
    def include_sdc_metadata_properties(self) -> bool:
        """No: such columns are no part of a lead, and the SDK ends the run where it cannot fill them."""
        return False

    def get_validator(self) -> BaseJSONSchemaValidator | None:
        """Return none: a record is measured by the API's contract, not by its source's."""
        return None

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:  # noqa: ARG002  # the SDK's
        """Have a record delivered; waits while the pool is full."""
        self._takes_records.take(self.stream_name, self._own_key_properties, record)
