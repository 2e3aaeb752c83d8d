"""The bookmark: the instant up to which everything has been read, instead of the SDK's last record's date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# The class is the type of the public property `Stream.state_manager`, but stands in a private module only.
from singer_sdk.streams._state import StreamStateManager

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads.leads.schema import REPLICATION_KEY
from tap_seeker_leads.leads.timestamps import from_iso8601, to_rfc3339
from tap_seeker_leads.state.refresh import Cycle

if TYPE_CHECKING:
    from singer_sdk.helpers import types


#: The entry of the stream's state that shows whether the API has ever given this account a lead.
LAST_LEAD = "last_lead_at"
#: The entry that shows how far the refresh is: three instants.
REFRESH = "refresh"
_REFRESH_ENTRIES = ("next", "cycle_started_at", "verified_since")


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

    @property
    def refresh(self) -> Cycle | None:
        """How far the refresh is; None where the state does not say.

        Raises:
            SettingsError: the state holds something else there.
        """
        entry = self.stream_state.get(REFRESH)
        if entry is None:
            return None
        if not isinstance(entry, dict):
            raise self._odd(REFRESH, "is not an object: take the entry out, and a new cycle begins")
        instants = {name: self._parsed(entry.get(name), f"{REFRESH}.{name}") for name in _REFRESH_ENTRIES}
        following, started_at, verified_since = instants.values()
        if following is None or started_at is None:
            lacking = next(name for name, instant in instants.items() if instant is None)
            raise self._odd(REFRESH, f"lacks `{lacking}`: take the entry out, and a new cycle begins")
        return Cycle(following, started_at, verified_since)

    def note_refresh(self, cycle: Cycle) -> None:
        """Keep how far the refresh is."""
        instants = (cycle.next, cycle.started_at, cycle.verified_since)
        entry = {
            name: None if instant is None else to_rfc3339(instant)
            for name, instant in zip(_REFRESH_ENTRIES, instants, strict=True)
        }
        if entry != self.stream_state.get(REFRESH):
            self.stream_state[REFRESH] = entry
            self.is_flushed = False

    def _instant(self, name: str) -> int | None:
        return self._parsed(self.stream_state.get(name), name)

    def _parsed(self, value: object, name: str) -> int | None:
        if value is None:
            return None
        try:
            return from_iso8601(str(value))
        except ValueError:
            raise self._odd(name, "is not an ISO 8601 date-time: correct it") from None

    def _odd(self, name: str, problem: str) -> SettingsError:
        return SettingsError(f"The state's `bookmarks.{self.stream_name}.{name}` {problem}")

    def increment_state(
        self, latest_record: types.Record, *, context: types.Context | None = None, replication_key: str
    ) -> None:
        """Leave the bookmark alone: a record's date says nothing about the leads that were not read yet."""

    def write_starting_replication_value(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # the SDK's
        """Write nothing: the starting value is no part of the state that we promise."""
