"""Finds the columns of a source that were not used, so that people notice a column that was not understood."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.map_columns import columns_behind
from target_seeker_leads.mapping.missing_header import is_header_missing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.mapping.lead import Lead

#: A message names at most this many columns of a stream.
_MAX_NAMED = 30
#: A source whose column names differ in each record is not a table: no more shapes or names than this are noted.
_MAX_NOTED = 1_000


@dataclass(slots=True)
class _Stream:
    """What is known of a stream."""

    #: Names that the key, or a stream map, reads.
    read_elsewhere: frozenset[str]
    used: set[str] = field(default_factory=set)
    #: In the order of the source.
    unused: dict[str, None] = field(default_factory=dict)
    shapes: set[tuple[Any, ...]] = field(default_factory=set)


class ColumnsUsed:
    """Notes which columns are used, from any number of threads."""

    def __init__(self, stream_maps: Mapping[str, Any] | None, *, account_field: str | None = None) -> None:
        self._stream_maps = stream_maps
        self._account_field = account_field
        self._lock = threading.Lock()
        self._streams: dict[str, _Stream] = {}

    def note(self, incoming: Incoming, lead: Lead) -> None:
        """Note the columns that a record uses. Most records of a stream are alike and are skipped."""
        name = incoming.source.stream
        shape = (lead.mapped.unused, *lead.mapped.sources.values())
        with self._lock:
            stream = self._streams.get(name)
            if stream is None:
                stream = self._streams[name] = self._begin(incoming)
            if shape in stream.shapes or len(stream.shapes) >= _MAX_NOTED or len(stream.unused) >= _MAX_NOTED:
                return
            stream.shapes.add(shape)
            stream.unused.update(dict.fromkeys(lead.mapped.unused))
            stream.used.update(source for names in lead.mapped.sources.values() for source in names)

    def lines(self) -> list[str]:
        """Return a line for each stream with unused columns."""
        with self._lock:
            return [
                f"Columns of `{name}` that were not used: {listed_columns(unused, {*stream.used, *stream.unused})}"
                for name, stream in self._streams.items()
                if (unused := [column for column in stream.unused if column not in stream.used | stream.read_elsewhere])
            ]

    def _begin(self, incoming: Incoming) -> _Stream:
        behind = columns_behind(self._stream_maps, incoming.source.stream)
        read = frozenset().union(*behind.values(), incoming.key_properties, incoming.source.key_properties)
        return _Stream(read | {self._account_field} if self._account_field else read)


def listed(names: Iterable[str], limit: int = _MAX_NAMED) -> str:
    """Return names as a list for a sentence, cut off after `limit`."""
    every = list(names)
    more = len(every) - limit
    return ", ".join(every[:limit]) + (f" and {more:,} more" if more > 0 else "")


def listed_columns(names: Collection[str], columns: Iterable[str]) -> str:
    """Return names as a list for a sentence, or only their number if the stream's columns are the values of a lead."""
    if is_header_missing(columns):
        return f"[{len(names):,} hidden, because the source seems to have no header row: add one]"
    return listed(names)
