"""Recognises deleted rows, as the setting `deleted_when` describes them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.conversions import is_empty, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class DeletedMark:
    """The mark of a deleted row: a column with any value, or with a given one."""

    column: str
    value: str | None = None  #: None: any value that is not empty

    @classmethod
    def parse(cls, text: str) -> DeletedMark:
        """Parse `column` or `column=value`.

        Raises:
            ValueError: it is neither.
        """
        column, equals, value = (part.strip() for part in text.partition("="))
        if not column or (equals and not value):
            msg = "neither `column` nor `column=value`"
            raise ValueError(msg)
        return cls(column, value if equals else None)

    def is_on(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record has the mark."""
        found = record.get(self.column)
        if self.value is None:
            return not is_empty(found)
        return _as_text(found) == self.value.casefold()


def _as_text(value: object) -> str:
    text = to_text(value)
    return str(text).strip().casefold() if not isinstance(text, (dict, list)) and text is not None else ""
