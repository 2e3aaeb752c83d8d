"""The bookmark: the instant up to which everything has been read, instead of the SDK's last record's date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# The class is the type of the public property `Stream.state_manager`, but stands in a private module only.
from singer_sdk.streams._state import StreamStateManager

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads.leads.schema import REPLICATION_KEY
from tap_seeker_leads.leads.timestamps import from_iso8601, to_rfc3339

if TYPE_CHECKING:
    from singer_sdk.helpers import types


#: The entry of the stream's state that shows whether the API has ever given this account a lead.
LAST_LEAD = "last_lead_at"


class BookmarkManager(StreamStateManager):
    """Keeps one bookmark in the SDK's own place and form; records do not move it."""

    def read(self) -> int | None:
        """Return the bookmark in Unix seconds; None where the state has none.

        Raises:
            SettingsError: the state holds something that is not an instant.
        """
        return self._instant("replication_key_value")

    @property
    def last_lead(self) -> int | None:
        """The latest ingestion date of a lead that any run has read, in Unix seconds; None where the state has none.

        Raises:
            SettingsError: the state holds something that is not an instant.
        """
        return self._instant(LAST_LEAD)

    def note_lead(self, unix_seconds: int) -> None:
        """Keep a lead's ingestion date if it is the latest."""
        known = self.last_lead
        if known is None or unix_seconds > known:
            self.stream_state[LAST_LEAD] = to_rfc3339(unix_seconds)

    def advance(self, unix_seconds: int) -> bool:
        """Move the bookmark, never back; return whether it moved."""
        current = self.read()
        if current is not None and unix_seconds <= current:
            return False
        self.stream_state.update(replication_key=REPLICATION_KEY, replication_key_value=to_rfc3339(unix_seconds))
        self.is_flushed = False
        return True

    def _instant(self, name: str) -> int | None:
        value = self.stream_state.get(name)
        if value is None:
            return None
        try:
            return from_iso8601(str(value))
        except ValueError:
            msg = f"The state's `bookmarks.{self.stream_name}.{name}` is not an ISO 8601 date-time: correct it"
            raise SettingsError(msg) from None

    def increment_state(
        self, latest_record: types.Record, *, context: types.Context | None = None, replication_key: str
    ) -> None:
        """Leave the bookmark alone: a record's date says nothing about the leads that were not read yet."""

    def write_starting_replication_value(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # the SDK's
        """Write nothing: the starting value is no part of the state that we promise."""
