"""A record to deliver, and its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_seeker_leads.dead_letters import Reason


@dataclass(frozen=True, slots=True)
class Source:
    """A record as the tap sent it, before any stream map: a dead letter keeps this form, so that it can be replayed."""

    stream: str
    key_properties: tuple[str, ...]
    record: Mapping[str, Any]
    is_replay: bool  #: it is a dead letter that is replayed
    letter_id: str | None = None  #: the id of a dead letter, if it has one: it keeps the id if it fails again
    excludes_unknown: bool = False  #: of a replay: do not send a lead that may already exist


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record to deliver, after the stream maps."""

    stream: str
    key_properties: tuple[str, ...]
    record: Mapping[str, Any]
    source: Source
    failure: Reason | None = None  #: why it cannot be delivered, whatever its content
