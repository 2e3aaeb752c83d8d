"""Lists letters without personal data; the format of the JSON is a promise, documented in `docs/cli.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seeker_leads_cli.rejects.reasons import in_words, reasons_in_public
from seeker_leads_cli.screen import printable, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seeker_leads_cli.rejects.letters import Letter

_LONGEST_REASONS = 300


def as_json(letters: Sequence[Letter]) -> list[dict[str, Any]]:
    """Return the letters as JSON."""
    return [
        {
            "id": letter.id,
            "stream": letter.stream,
            "at": letter.at_text or None,
            "reasons": reasons_in_public(letter),
        }
        for letter in letters
    ]


def show(letters: Sequence[Letter]) -> None:
    """Print the letters as a table."""
    if not letters:
        click.echo("No dead letters found.")
        return
    rows = [
        [
            letter.id,
            printable(letter.stream),
            letter.at.strftime("%Y-%m-%d %H:%M") if letter.at else "",
            printable("; ".join(in_words(reason["field"], reason["rule"]) for reason in reasons), _LONGEST_REASONS),
        ]
        for letter in letters
        for reasons in [reasons_in_public(letter)]
    ]
    show_table(["id", "stream", "at (UTC)", "reasons"], rows)
