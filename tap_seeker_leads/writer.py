"""Singer messages on stdout: encoded with msgspec, and handed on page by page instead of record by record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.contrib.msgspec import MsgSpecWriter, encoder
from singer_sdk.singerlib.encoding.simple import RecordMessage, StateMessage

from seeker_leads_singer.stdout import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.singerlib.encoding.simple import Message

#: What is kept back at most, in bytes: a page of usual leads is a tenth of it.
_MOST_KEPT = 1 << 20


class PageWriter(MsgSpecWriter):
    """Keeps records back until `flush`; any other message, so every STATE, takes all before it along."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = bytearray()

    def write_message(self, message: Message) -> None:
        """Write a message, or keep it back."""
        # Encoded first: a message that cannot be leaves no half of a line behind.
        self._kept += encoder.encode(_content(message))
        self._kept += b"\n"
        if not isinstance(message, RecordMessage) or len(self._kept) > _MOST_KEPT:
            self.flush()

    def write_records(self, message: RecordMessage, records: Iterable[dict[str, Any]]) -> None:
        """Write a page: the message once with each of the records in place of its own."""
        envelope = message.to_dict()
        self._kept += encoder.encode_lines([{**envelope, "record": record} for record in records])
        self.flush()

    def flush(self) -> None:
        """Hand on what was kept back, all of it, also when a signal comes in between."""
        lines = bytes(self._kept)
        self._kept.clear()
        write_whole(lines)


def _content(message: Message) -> dict[str, Any]:
    # `to_dict` copies a state entry by entry, which costs more than all else where it has a thousand of them.
    if isinstance(message, StateMessage):
        return {"type": message.type, "value": message.value}
    return message.to_dict()
