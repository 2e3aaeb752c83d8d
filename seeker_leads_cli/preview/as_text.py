"""A preview as text, with sample values of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import yaml

from seeker_leads_cli.preview.repeats import RowOutcome
from seeker_leads_cli.screen import printable, show_table, visible_json
from seeker_leads_singer.visible import visible

if TYPE_CHECKING:
    from collections import Counter

    from seeker_leads_cli.preview.columns import Column
    from seeker_leads_cli.preview.proposals import Proposals
    from seeker_leads_cli.preview.survey import Survey

#: How many samples and problems of a column, and how many reasons, are shown.
_SAMPLES = 3
_LONGEST_SAMPLE = 30
_PROBLEMS = 2
_REASONS = 20


def show(survey: Survey, proposals: Proposals, title: str, *, as_json: bool) -> None:
    """Print columns, counts and proposed settings: as JSON for a settings file, otherwise as YAML for `meltano.yml`."""
    click.echo(f"{title}: {survey.rows:,} row{'s' * (survey.rows != 1)}\n")
    rows = [_row(column) for column in survey.columns.all.values()]
    show_table(("column", "means", "accepted", "samples", "problems"), rows)
    outcomes = survey.outcomes
    duplicates = outcomes[RowOutcome.DUPLICATE]
    counts = [
        f"{outcomes[RowOutcome.SENDABLE]:,} would be sent",
        f"{outcomes[RowOutcome.REJECTED]:,} rejected",
        f"{duplicates:,} duplicate{'s' * (duplicates != 1)}",
        *(f"{count:,} {why}" for why, count in survey.set_aside.items()),
    ]
    click.echo(f"\n{', '.join(counts)}")
    _show_counts("Rejected", survey.reasons)
    _show_counts("Warning", survey.warnings)
    if proposals.config:
        click.echo(f"\nSuggested settings for {'your settings file' if as_json else '`config:` of the target'}:\n")
        click.echo(_block(proposals, as_json=as_json))
    for note in proposals.notes:
        click.echo(f"\n{visible(note)}")


def _row(column: Column) -> tuple[str, ...]:
    problems = [f"{count:,} x {rule}" for rule, count in column.problems.most_common(_PROBLEMS)]
    return (
        printable(column.name),
        _meaning(column),
        f"{column.accepted:,}" if column.fields else "",
        " | ".join(printable(sample, _LONGEST_SAMPLE) for sample in column.samples[:_SAMPLES]),
        "; ".join(problems),
    )


def _meaning(column: Column) -> str:
    parts = [column.field] if column.field else []
    if column.meaning and column.meaning.phone_type and column.field:
        parts[0] = f"{column.field} ({column.meaning.phone_type})"
    if column.is_vague:
        parts.append("vague name: used because no better one was found")
    if column.role:
        parts.append(column.role)
    if not parts:
        parts.append("not used: another column is preferred" if column.is_outranked and column.meaning else "not used")
    return ", ".join(parts)


def _show_counts(word: str, counts: Counter[tuple[str | None, str]]) -> None:
    for (field, rule), count in counts.most_common(_REASONS):
        click.echo(visible(f"{word} {count:,} x {f'`{field}` ' if field else ''}{rule}"))


def _block(proposals: Proposals, *, as_json: bool) -> str:
    if as_json:
        return visible_json(json.dumps(proposals.config, ensure_ascii=False, indent=2))
    content = yaml.safe_dump(proposals.config, allow_unicode=True, sort_keys=False, width=10_000)
    if content != visible(content):  # then all other characters than ASCII become escapes, which have the same meaning
        content = yaml.safe_dump(proposals.config, sort_keys=False, width=10_000)
    return content.rstrip()
