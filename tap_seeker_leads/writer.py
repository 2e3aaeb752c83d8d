"""Singer messages on stdout: encoded with msgspec, and written page by page instead of record by record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.contrib.msgspec import MsgSpecWriter, encoder
from singer_sdk.singerlib.encoding.simple import RecordMessage, StateMessage

from seeker_leads_singer.stdout import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.singerlib.encoding.simple import Message

#: The buffer's limit in bytes; a page of typical leads is a tenth of it.
_MAX_BUFFERED_BYTES = 1 << 20


class PageWriter(MsgSpecWriter):
    """Buffers records until `flush`; any other message, such as a STATE, flushes all records before it."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = bytearray()

    def write_message(self, message: Message) -> None:
        """Write a message, or buffer it."""
        # Encoded first, so that a message that cannot be encoded leaves no partial line behind.
        self._buffer += encoder.encode(_content(message))
        self._buffer += b"\n"
        if not isinstance(message, RecordMessage) or len(self._buffer) > _MAX_BUFFERED_BYTES:
            self.flush()

    def write_records(self, message: RecordMessage, records: Iterable[dict[str, Any]]) -> None:
        """Write a page: the message once for each record, with that record in place of the message's own."""
        envelope = message.to_dict()
        self._buffer += encoder.encode_lines([{**envelope, "record": record} for record in records])
        self.flush()

    def flush(self) -> None:
        """Write the whole buffer, even if a signal arrives meanwhile."""
        lines = bytes(self._buffer)
        self._buffer.clear()
        write_whole(lines)


def _content(message: Message) -> dict[str, Any]:
    # `to_dict` copies a state entry by entry, which dominates the cost of a state with a thousand entries.
    if isinstance(message, StateMessage):
        return {"type": message.type, "value": message.value}
    return message.to_dict()
