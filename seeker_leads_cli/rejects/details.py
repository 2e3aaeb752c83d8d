"""Shows a letter in full: its record, its reasons, and the lead that the target reads from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import click

from seeker_leads_cli.rejects.letters import message_of
from seeker_leads_cli.rejects.reasons import in_words
from seeker_leads_cli.screen import printable, show_table
from target_seeker_leads.mapping.field_names import PHONES
from target_seeker_leads.mapping.lead import read_lead
from target_seeker_leads.mapping.map_columns import columns_behind
from target_seeker_leads.singer.messages import Messages
from target_seeker_leads.singer.singer_json import decode, encode

if TYPE_CHECKING:
    from seeker_leads_cli.rejects.letters import Letter
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.target import TargetSeekerLeads

_LONGEST_VALUE = 1_000


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the lead, and the columns of the record that it comes from, or `defaults` if it is a default."""

    field: str
    value: Any
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Collected:
    """Collects the records that stream maps make of a letter."""

    records: list[Incoming] = field(default_factory=list)

    def take(self, incoming: Incoming, /) -> None:
        self.records.append(incoming)

    def state(self, value: Any, /) -> None:  # noqa: ANN401  # any JSON
        """Do nothing: a letter contains no STATE."""


def values_of(letter: Letter, target: TargetSeekerLeads) -> list[Value]:
    """Return the values of the lead that the target reads from a letter; stream maps may make several leads of it."""
    collected = _Collected()
    Messages(target.mapper, collected, target.config).handle(decode(message_of(letter)))
    values: list[Value] = []
    settings = target.settings
    behind = columns_behind(settings.stream_maps, letter.stream)
    for incoming in collected.records:
        lead = read_lead(incoming.record, settings.defaults, settings.dates, datetime.now(timezone.utc))
        for name, value in _flat(lead.request).items():
            sources = lead.mapped.sources.get(name, ("defaults",))
            mapped = [column for source in sources for column in behind.get(source, ()) if column in letter.record]
            values.append(Value(name, value, tuple(dict.fromkeys(mapped or sources))))
    return values


def as_json(letter: Letter, values: list[Value]) -> dict[str, Any]:
    """Return a letter in full as JSON."""
    return {
        "id": letter.id,
        "stream": letter.stream,
        "at": letter.at_text or None,
        "request_id": letter.request_id,
        "key_properties": letter.key_properties,
        "reasons": [{"field": each.field, "rule": each.rule, "cure": each.cure} for each in letter.reasons],
        "record": letter.record,
        "lead": [{"field": each.field, "value": each.value, "from": each.columns} for each in values],
    }


def show(letter: Letter, values: list[Value]) -> None:
    """Print a letter in full."""
    key = f", key {', '.join(map(printable, letter.key_properties))}" if letter.key_properties else ""
    asked = f", request {printable(letter.request_id)}" if letter.request_id else ""
    click.echo(f"{letter.id}, stream {printable(letter.stream)}{key}, {letter.at_text or 'of unknown age'}{asked}")
    for reason in letter.reasons:
        click.echo(printable(f"- {in_words(reason.field, reason.rule)}. {reason.cure}", _LONGEST_VALUE))
    click.echo("\nRecord")
    show_table(["column", "value"], [[printable(name), _shown(value)] for name, value in letter.record.items()])
    click.echo("\nLead")
    rows = [[each.field, _shown(each.value), ", ".join(map(printable, each.columns))] for each in values]
    show_table(["field", "value", "from"], rows)


def _flat(request: Any) -> dict[str, Any]:  # noqa: ANN401  # a request
    """Return a request's values by path; each phone is one value."""
    flat = {name: value for name, value in request.items() if name != PHONES}
    return flat | {f"{PHONES}[{index}]": phone for index, phone in enumerate(request.get(PHONES) or ())}


def _shown(value: Any) -> str:  # noqa: ANN401  # any JSON
    return printable(value if isinstance(value, str) else encode(value).decode(), _LONGEST_VALUE)
