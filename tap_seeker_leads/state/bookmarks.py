"""The bookmarks of a stream, in the SDK's own places: one for the stream, or one for each account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# The class is the type of the public property `Stream.state_manager`, but only a private module exports it.
from singer_sdk.streams._state import StreamStateManager

from tap_seeker_leads.leads.schema import ACCOUNT
from tap_seeker_leads.state.bookmark import Bookmark

if TYPE_CHECKING:
    from singer_sdk.helpers import types

#: The SDK's list of the entries of a stream that is read in parts, and the key that identifies each entry.
PARTITIONS = "partitions"
CONTEXT = "context"


class BookmarkManager(StreamStateManager):
    """Keeps bookmarks in the SDK's own place and form; records do not move them."""

    _entries: dict[str, dict[str, Any]] | None = None

    def of(self, label: str | None) -> Bookmark:
        """Return the bookmark of an account; without a label, that of the stream itself."""
        if label is None:
            return Bookmark(self.stream_state, f"bookmarks.{self.stream_name}", on_change=self._note_change)
        place = f"bookmarks.{self.stream_name}.{PARTITIONS}[{ACCOUNT} {label!r}]"
        if self._entries is None:  # the SDK's own look-up searches the whole list for each account
            self._entries = {part[CONTEXT][ACCOUNT]: part for part in self.stream_state.get(PARTITIONS, [])}
        entry = self._entries.get(label, {CONTEXT: {ACCOUNT: label}})
        return Bookmark(entry, place, on_change=lambda: self._note_change_of(label, entry))

    def _note_change_of(self, label: str, entry: dict[str, Any]) -> None:
        if self._entries is not None and label not in self._entries:
            self._entries[label] = entry
            self.stream_state.setdefault(PARTITIONS, []).append(entry)
        self._note_change()

    def _note_change(self) -> None:
        self.is_flushed = False

    def increment_state(
        self, latest_record: types.Record, *, context: types.Context | None = None, replication_key: str
    ) -> None:
        """Leave the bookmarks unchanged: a record's date says nothing about leads that were not read yet."""

    def write_starting_replication_value(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # the SDK's
        """Write nothing: the starting value is not part of the promised state format."""
