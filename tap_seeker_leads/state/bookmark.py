"""The bookmark of one account: the instant up to which everything has been read, and the entries beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads.leads.schema import REPLICATION_KEY
from tap_seeker_leads.leads.timestamps import from_iso8601, to_rfc3339
from tap_seeker_leads.state.refresh import Cycle

if TYPE_CHECKING:
    from collections.abc import Callable


#: The entry of the stream's state that shows whether the API has ever listed a lead of this account.
LAST_LEAD = "last_lead_at"
#: The entry that shows how far the refresh has come: three instants.
REFRESH = "refresh"
_REFRESH_ENTRIES = ("next", "cycle_started_at", "verified_since")


class Bookmark:
    """Reads and changes one entry of the state; `on_change` is called after each change."""

    def __init__(self, entry: dict[str, Any], place: str, *, on_change: Callable[[], object]) -> None:
        self._entry = entry
        self.place = place  #: where the entry is in the state, for messages
        self._on_change = on_change

    def read(self) -> int | None:
        """Return the bookmark in Unix seconds, or None if the state has none.

        Raises:
            SettingsError: the state holds something that is not an instant.
        """
        return self._instant("replication_key_value")

    @property
    def last_lead(self) -> int | None:
        """The latest ingestion date of a lead that any run has read, in Unix seconds; None if the state has none.

        Raises:
            SettingsError: the state holds something that is not an instant.
        """
        return self._instant(LAST_LEAD)

    def note_lead(self, unix_seconds: int) -> None:
        """Store a lead's ingestion date if it is the latest."""
        known = self.last_lead
        if known is None or unix_seconds > known:
            self._entry[LAST_LEAD] = to_rfc3339(unix_seconds)

    def advance(self, unix_seconds: int) -> bool:
        """Move the bookmark, never back; return whether it moved."""
        current = self.read()
        if current is not None and unix_seconds <= current:
            return False
        self._entry.update(replication_key=REPLICATION_KEY, replication_key_value=to_rfc3339(unix_seconds))
        self._on_change()
        return True

    @property
    def refresh(self) -> Cycle | None:
        """How far the refresh has come; None if the state has no entry for it.

        Raises:
            SettingsError: the entry of the state is not valid.
        """
        entry = self._entry.get(REFRESH)
        if entry is None:
            return None
        if not isinstance(entry, dict):
            raise self._invalid(REFRESH, "is not an object: remove the entry to begin a new cycle")
        instants = {name: self._parsed(entry.get(name), f"{REFRESH}.{name}") for name in _REFRESH_ENTRIES}
        following, started_at, verified_since = instants.values()
        if following is None or started_at is None:
            lacking = next(name for name, instant in instants.items() if instant is None)
            raise self._invalid(REFRESH, f"lacks `{lacking}`: remove the entry to begin a new cycle")
        return Cycle(following, started_at, verified_since)

    def note_refresh(self, cycle: Cycle) -> None:
        """Store how far the refresh has come."""
        instants = (cycle.next, cycle.started_at, cycle.verified_since)
        entry = {
            name: None if instant is None else to_rfc3339(instant)
            for name, instant in zip(_REFRESH_ENTRIES, instants, strict=True)
        }
        if entry != self._entry.get(REFRESH):
            self._entry[REFRESH] = entry
            self._on_change()

    def _instant(self, name: str) -> int | None:
        return self._parsed(self._entry.get(name), name)

    def _parsed(self, value: object, name: str) -> int | None:
        if value is None:
            return None
        try:
            return from_iso8601(str(value))
        except ValueError:
            raise self._invalid(name, "is not an ISO 8601 date-time: correct it") from None

    def _invalid(self, name: str, problem: str) -> SettingsError:
        return SettingsError(f"The state's `{self.place}.{name}` {problem}")
