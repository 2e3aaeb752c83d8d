"""The account's leads, in memory and in order; each is encoded once, so that a page only joins bytes."""

from __future__ import annotations

import threading
import zlib
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from seeker_leads_sandbox.options import Bounds, Order

if TYPE_CHECKING:
    from collections.abc import Iterable

Lead: TypeAlias = dict[str, Any]
#: Ingestion date, lead id, encoded lead: as tuples, these sort by date, then by id.
Entry: TypeAlias = tuple[int, str, bytes]
#: Hash of the lead id, lead id.
_ShuffledKey: TypeAlias = tuple[int, str]

_MAX_SHUFFLED_PERIODS = 256
_MAX_RECENT = 100


class UnknownCursorError(LookupError):
    """`start` is not the id of a lead in this account."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole seconds from `first_second` (inclusive) to `end_second` (exclusive)."""

    first_second: int
    end_second: int

    @classmethod
    def of(cls, min_date: int, max_date: int, bounds: Bounds) -> Period:
        """Return the seconds that a pair of dates covers with these bounds."""
        first_second = min_date if bounds in {Bounds.CLOSED, Bounds.MIN_INCLUSIVE} else min_date + 1
        end_second = max_date + 1 if bounds in {Bounds.CLOSED, Bounds.MAX_INCLUSIVE} else max_date
        return cls(first_second, end_second)

    def within(self, other: Period) -> Period:
        """Return the intersection with another period."""
        return Period(max(self.first_second, other.first_second), min(self.end_second, other.end_second))


@dataclass(frozen=True, slots=True)
class LeadPage:
    """Encoded leads, the id of the last one, and whether more follow."""

    leads: tuple[bytes, ...]
    last_lead_id: str | None
    has_more: bool


class LeadStore:
    """Stores the leads; one thread may add leads while another reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._by_id: dict[str, Entry] = {}
        self._recent: deque[str] = deque(maxlen=_MAX_RECENT)
        self._shuffled: OrderedDict[tuple[int, int], list[_ShuffledKey]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, lead: Lead) -> None:
        """Add a lead, or replace the one with the same id."""
        self.add_all([lead])

    def add_all(self, leads: Iterable[Lead]) -> list[str]:
        """Add many leads at once and return their ids.

        Raises:
            ValueError: a lead lacks `metadata.leadId` or an integer `metadata.ingestionDate`; no lead is added.
        """
        added = [_entry(lead) for lead in leads]
        by_id = {entry[1]: entry for entry in added}
        with self._lock:
            if not self._by_id.keys().isdisjoint(by_id):
                self._entries = [entry for entry in self._entries if entry[1] not in by_id]
            if len(by_id) == 1:
                insort(self._entries, added[-1])
            else:
                self._entries.extend(by_id.values())
                self._entries.sort()
            self._by_id.update(by_id)
            self._recent.extend(entry[1] for entry in sorted(by_id.values())[-_MAX_RECENT:])
            self._shuffled.clear()
        return [entry[1] for entry in added]

    def unknown(self, leads: Iterable[Lead]) -> list[Lead]:
        """Return the leads whose ids are not in the account.

        Raises:
            ValueError: as `add_all` does.
        """
        return [lead for lead in leads if _entry(lead)[1] not in self._by_id]

    def get(self, lead_id: str) -> Lead | None:
        """Return a lead, or None if there is none with this id."""
        entry = self._by_id.get(lead_id)
        return None if entry is None else msgspec.json.decode(entry[2])

    def find(self, lead_id: str) -> tuple[int, bytes] | None:
        """Return a lead's ingestion date and its encoded form, or None."""
        entry = self._by_id.get(lead_id)
        return None if entry is None else (entry[0], entry[2])

    def all(self) -> list[Lead]:
        """Return every lead, by ingestion date and id."""
        with self._lock:
            entries = list(self._entries)
        return [msgspec.json.decode(body) for _, _, body in entries]

    def ids(self) -> set[str]:
        """Return the id of every lead."""
        with self._lock:
            return {*self._by_id}

    def recent(self, count: int) -> list[Lead]:
        """Return the leads that were added or replaced last, newest first; one batch is sorted by ingestion date."""
        with self._lock:
            ids = list(dict.fromkeys(reversed(self._recent)))[:count]
            entries = [self._by_id[lead_id] for lead_id in ids]
        return [msgspec.json.decode(body) for _, _, body in entries]

    def entries(self, period: Period) -> list[Entry]:
        """Return the encoded leads of a period, sorted by ingestion date and id."""
        with self._lock:
            low = bisect_left(self._entries, (period.first_second, "", b""))
            return self._entries[low : max(low, bisect_left(self._entries, (period.end_second, "", b"")))]

    def page(self, period: Period, order: Order, limit: int, start: str | None = None) -> LeadPage:
        """Return at most `limit` leads of the period that follow the lead `start` in the total order.

        The cursor's position in the total order counts, even if that lead is outside the period.

        Raises:
            UnknownCursorError: `start` is not the id of a lead in this account.
        """
        with self._lock:
            cursor = None
            if start is not None:
                cursor = self._by_id.get(start)
                if cursor is None:
                    raise UnknownCursorError
            low = bisect_left(self._entries, (period.first_second, "", b""))
            high = max(low, bisect_left(self._entries, (period.end_second, "", b"")))
            if order is Order.ASCENDING:
                return self._ascending(low, high, limit, cursor)
            if order is Order.DESCENDING:
                return self._descending(low, high, limit, cursor)
            return self._shuffled_page(low, high, limit, cursor)

    def _ascending(self, low: int, high: int, limit: int, cursor: Entry | None) -> LeadPage:
        if cursor is not None:
            low = max(low, bisect_right(self._entries, cursor))
        return _page(self._entries[low : min(low + limit, high)], has_more=low + limit < high)

    def _descending(self, low: int, high: int, limit: int, cursor: Entry | None) -> LeadPage:
        if cursor is not None:
            high = max(low, min(high, bisect_left(self._entries, cursor)))
        return _page(self._entries[max(low, high - limit) : high][::-1], has_more=high - limit > low)

    def _shuffled_page(self, low: int, high: int, limit: int, cursor: Entry | None) -> LeadPage:
        keys = self._shuffled_keys(low, high)
        first = 0 if cursor is None else bisect_right(keys, _shuffled_key(cursor[1]))
        chosen = keys[first : first + limit]
        return _page([self._by_id[lead_id] for _, lead_id in chosen], has_more=first + limit < len(keys))

    def _shuffled_keys(self, low: int, high: int) -> list[_ShuffledKey]:
        # Sorted once for each period instead of each page; any new lead clears the cache.
        keys = self._shuffled.get((low, high))
        if keys is None:
            keys = sorted(_shuffled_key(entry[1]) for entry in self._entries[low:high])
            self._shuffled[low, high] = keys
            if len(self._shuffled) > _MAX_SHUFFLED_PERIODS:
                self._shuffled.popitem(last=False)
        return keys


def _entry(lead: Lead) -> Entry:
    metadata = lead.get("metadata")
    lead_id = metadata.get("leadId") if isinstance(metadata, dict) else None
    ingestion_date = metadata.get("ingestionDate") if isinstance(metadata, dict) else None
    if not isinstance(lead_id, str) or not lead_id:
        message = "a lead needs metadata.leadId, a string"
        raise ValueError(message)
    if not isinstance(ingestion_date, int) or isinstance(ingestion_date, bool):
        message = "a lead needs metadata.ingestionDate, whole Unix seconds"
        raise ValueError(message)  # noqa: TRY004  # wrong data, not a wrong call
    return (ingestion_date, lead_id, msgspec.json.encode(lead))


def _shuffled_key(lead_id: str) -> _ShuffledKey:
    # surrogatepass: a client can send any text as a cursor.
    return (zlib.crc32(lead_id.encode("utf-8", "surrogatepass")), lead_id)


def _page(entries: list[Entry], *, has_more: bool) -> LeadPage:
    return LeadPage(tuple(entry[2] for entry in entries), entries[-1][1] if entries else None, has_more)
