"""The command `ledger stats`."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from seeker_leads_cli.ledger.row_counts import statistics_of
from seeker_leads_cli.ledger.sessions import open_ledger
from seeker_leads_cli.options import CONFIG, JSON, example
from seeker_leads_cli.screen import instant, printable, show_table
from seeker_leads_cli.settings import read_config, without_need_of_account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seeker_leads_cli.ledger.row_counts import Group, Statistics


@click.command(short_help="Count what is in the ledger.", epilog=example("ledger stats --config config.json"))
@CONFIG
@JSON
def stats(config_files: tuple[str, ...], *, is_json: bool) -> None:
    """Count the ledger's rows by stream, status and month, and show its size. No account is needed."""
    url = without_need_of_account(read_config(config_files)).ledger_url
    with open_ledger(url) as session:
        found, shown = statistics_of(session), session.location.shown
    if is_json:
        click.echo(json.dumps({"ledger": shown, **_as_json(found)}, indent=2))
        return
    click.echo(f"Ledger {shown}: format {found.version}, {found.rows:,} rows, {found.size_bytes / 2**20:,.1f} MiB")
    if found.groups:
        _show(found.groups)


def _show(groups: Sequence[Group]) -> None:
    lines = [_line(list(same)) for _, same in groupby(groups, _stream_and_status)]
    show_table(("stream", "status", "rows", "resent", "latest"), lines)
    click.echo()
    by_month = sorted(groups, key=lambda group: group.month)
    months = [(group.month, printable(group.stream), group.status, str(group.rows)) for group in by_month]
    show_table(("month", "stream", "status", "rows"), months)


def _stream_and_status(group: Group) -> tuple[str, str]:
    return group.stream, group.status


def _line(groups: list[Group]) -> tuple[str, ...]:
    rows, resent = sum(group.rows for group in groups), sum(group.resent for group in groups)
    latest = max(group.latest for group in groups)
    return printable(groups[0].stream), groups[0].status, str(rows), str(resent), instant(latest)


def _as_json(found: Statistics) -> dict[str, Any]:
    groups = [
        {
            "stream": group.stream,
            "status": group.status,
            "month": group.month,
            "rows": group.rows,
            "resent": group.resent,
            "latest": instant(group.latest),
        }
        for group in found.groups
    ]
    return {"format": found.version, "rows": found.rows, "bytes": found.size_bytes, "groups": groups}
