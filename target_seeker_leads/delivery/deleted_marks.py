"""What tells a deleted row, as the setting `deleted_when` says it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.conversions import is_empty, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class DeletedMark:
    """What tells a deleted row: a column with a value, or with one certain value."""

    column: str
    value: str | None = None  #: None: any that is not empty

    @classmethod
    def parse(cls, text: str) -> DeletedMark:
        """Read `column` or `column=value`.

        Raises:
            ValueError: it is neither.
        """
        column, equals, value = (part.strip() for part in text.partition("="))
        if not column or (equals and not value):
            msg = "neither `column` nor `column=value`"
            raise ValueError(msg)
        return cls(column, value if equals else None)

    def is_on(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record bears the mark."""
        found = record.get(self.column)
        if self.value is None:
            return not is_empty(found)
        return _as_text(found) == self.value.casefold()


def _as_text(value: object) -> str:
    text = to_text(value)
    return str(text).strip().casefold() if not isinstance(text, (dict, list)) and text is not None else ""
