"""Which columns of a source no lead was made of: what a person needs to see that a column was not understood."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.map_columns import columns_behind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.mapping.lead import Lead

#: How many columns of a stream are named.
_MOST_NAMED = 30
#: A source whose names differ from record to record is no table: beyond so many shapes or names nothing is noted.
_MOST_NOTED = 1_000


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
    """Notes which columns count, from any number of threads."""

    def __init__(self, stream_maps: Mapping[str, Any] | None, *, account_field: str | None = None) -> None:
        self._stream_maps = stream_maps
        self._account_field = account_field
        self._turn = threading.Lock()
        self._streams: dict[str, _Stream] = {}

    def note(self, incoming: Incoming, lead: Lead) -> None:
        """Note what a record was made of; most records of a stream are alike, and are passed over."""
        name = incoming.source.stream
        shape = (lead.mapped.unused, *lead.mapped.sources.values())
        with self._turn:
            stream = self._streams.get(name)
            if stream is None:
                stream = self._streams[name] = self._begin(incoming)
            if shape in stream.shapes or len(stream.shapes) >= _MOST_NOTED or len(stream.unused) >= _MOST_NOTED:
                return
            stream.shapes.add(shape)
            stream.unused.update(dict.fromkeys(lead.mapped.unused))
            stream.used.update(source for names in lead.mapped.sources.values() for source in names)

    def lines(self) -> list[str]:
        """Return a line for each stream that has columns that were not used."""
        with self._turn:
            return [
                f"Columns of `{name}` that were not used: {listed(unused)}"
                for name, stream in self._streams.items()
                if (unused := [column for column in stream.unused if column not in stream.used | stream.read_elsewhere])
            ]

    def _begin(self, incoming: Incoming) -> _Stream:
        behind = columns_behind(self._stream_maps, incoming.source.stream)
        read = frozenset().union(*behind.values(), incoming.key_properties, incoming.source.key_properties)
        return _Stream(read | {self._account_field} if self._account_field else read)


def listed(names: Iterable[str]) -> str:
    """Return names of columns as a list in a sentence, not all of very many."""
    every = list(names)
    more = len(every) - _MOST_NAMED
    return ", ".join(every[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
