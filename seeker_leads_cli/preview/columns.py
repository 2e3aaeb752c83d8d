"""What a preview finds out about each column of a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.conversions import is_empty
from target_seeker_leads.mapping.field_names import Meaning, meaning_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_seeker_leads.mapping.lead import Lead

#: How many values of a column are kept as samples, to be shown and for proposals, and from how many rows.
_KEPT_SAMPLES = 30
_SAMPLED_ROWS = 2_000
_MAX_SHAPES = 1_000


@dataclass(slots=True)
class Column:
    """A column and the results of its values."""

    name: str
    #: The lead's fields that its values went into; with stream maps, there may be several.
    fields: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    #: Rule -> number of values that broke it.
    problems: Counter[str] = field(default_factory=Counter)
    samples: list[Any] = field(default_factory=list)
    #: Samples that were not accepted.
    bad_samples: list[Any] = field(default_factory=list)
    #: Its use other than a field of the lead: `key` or `filter`.
    role: str = ""
    #: Whether it has values, but another column was preferred.
    is_outranked: bool = False

    @property
    def meaning(self) -> Meaning | None:
        """The meaning of its name."""
        container, _, name = self.name.rpartition(".")
        return meaning_of(name, container)

    @property
    def field(self) -> str | None:
        """The field that its values go into, or would go into if the column is empty; None if it is not used."""
        if self.fields:
            return ", ".join(sorted(self.fields))
        return self.meaning.field if self.meaning and not self.samples else None

    @property
    def is_used(self) -> bool:
        """Return whether its values are used, for the lead or for its role."""
        return bool(self.role) or self.field is not None

    @property
    def is_vague(self) -> bool:
        """Return whether it is used only because no better column was found."""
        return bool(self.fields and self.meaning and self.meaning.is_vague)

    def refuse(self, value: Any, broken_rules: Sequence[str]) -> None:  # noqa: ANN401  # any value
        """Count a value that was not accepted, and the rules that it broke."""
        self.problems.update(broken_rules)
        if len(self.bad_samples) < _KEPT_SAMPLES:
            self.bad_samples.append(value)

    def look_at(self, value: Any) -> None:  # noqa: ANN401  # any value
        """Keep one of its values as a sample."""
        if len(self.samples) < _KEPT_SAMPLES and not is_empty(value) and value not in self.samples:
            self.samples.append(value)


class Columns:
    """The columns of a file, in the order in which they appear."""

    def __init__(self, names: Iterable[str], keys: Iterable[str]) -> None:
        self.all: dict[str, Column] = {name: Column(name) for name in names}
        for key in keys:
            self[key].role = "key"
        self._rows = 0
        self._unused: set[tuple[str, ...]] = set()

    def __getitem__(self, name: str) -> Column:
        column = self.all.get(name)
        if column is None:
            column = self.all[name] = Column(name)
        return column

    def take(self, lead: Lead, record: Mapping[str, Any], behind: Mapping[str, frozenset[str]]) -> None:
        """Count a record's values; `behind` says from which columns stream maps make a property."""

        def columns(name: str) -> list[Column]:
            if name not in behind:
                return [self[name]]
            return [self[column] for column in behind[name] if column in record]

        broken: dict[str, list[str]] = {}
        for violation in (*lead.violations, *lead.left_out):
            for name in lead.source_of(violation):
                broken.setdefault(name, []).append(violation.rule)
        found = {name: path.partition("[")[0] for path, names in lead.mapped.sources.items() for name in names}
        for name, field_name in found.items():
            for column in columns(name):
                column.fields[field_name] += 1
                if name in broken:
                    column.refuse(_value(record, column.name), broken[name])
                else:
                    column.accepted += 1
        # Most rows of a file have the same columns. If they keep changing, the first combinations are enough.
        if lead.mapped.unused not in self._unused and len(self._unused) < _MAX_SHAPES:
            self._unused.add(lead.mapped.unused)
            for column in [column for name in lead.mapped.unused for column in columns(name)]:
                column.is_outranked = True
        self._sample(record)

    def _sample(self, record: Mapping[str, Any]) -> None:
        self._rows += 1
        if self._rows <= _SAMPLED_ROWS:
            for column in self.all.values():
                column.look_at(_value(record, column.name))


def _value(record: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  # any value
    if name in record:
        return record[name]
    container, _, inner = name.rpartition(".")
    inside = record.get(container)
    return inside.get(inner) if isinstance(inside, dict) else None
