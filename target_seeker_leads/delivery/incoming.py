"""A record on its way to the API, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_seeker_leads.dead_letters import Reason


@dataclass(frozen=True, slots=True)
class Source:
    """A record as the tap gave it, before any stream map: what a dead letter keeps, so that it can be fed again."""

    stream: str
    key_properties: tuple[str, ...]
    record: Mapping[str, Any]
    is_replay: bool  #: it is a dead letter that is fed again
    letter_id: str | None = None  #: of a dead letter that has a name: it keeps it if it fails again
    spares_unknown: bool = False  #: of a dead letter: it is not the user's word to send what may exist already


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record to deliver, after the stream maps."""

    stream: str
    key_properties: tuple[str, ...]
    record: Mapping[str, Any]
    source: Source
    failure: Reason | None = None  #: why it cannot be delivered whatever it says
