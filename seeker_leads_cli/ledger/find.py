"""The command `ledger find`."""

from __future__ import annotations

import json

import click

from seeker_leads_cli.ledger.lookup import find_row, keys_of, parse_key
from seeker_leads_cli.ledger.sessions import open_ledger
from seeker_leads_cli.options import CONFIG, JSON, example
from seeker_leads_cli.screen import instant, printable
from seeker_leads_cli.settings import read_config
from target_seeker_leads.settings import TargetSettings


@click.command(
    short_help="Show the status of one record.",
    epilog=example("ledger find --stream leads --key '{\"id\": 5}' --config config.json"),
)
@click.option("--stream", required=True, metavar="NAME", help="The record's stream, after any stream map.")
@click.option("--key", "key_text", required=True, metavar="JSON", help="Its key properties and their values.")
@click.option("--account", "label", metavar="LABEL", help="With `accounts`: the label of its account.")
@CONFIG
@JSON
def find(stream: str, key_text: str, label: str | None, config_files: tuple[str, ...], *, is_json: bool) -> None:
    """Show the status of one record, its time, the API's request ID, and how often the record was resent.

    The account is part of a record's identity, so use the settings of the runs. The value 5 also finds "5", as in a
    run. If a stream has no key, its records are identified by their content and cannot be found here.
    """
    settings = TargetSettings.from_config(read_config(config_files))
    keys = keys_of(settings, stream, parse_key(key_text), label)
    with open_ledger(settings.ledger_url) as session:
        found, shown = find_row(session, keys), session.location.shown
    if is_json:
        answer = {
            "found": found is not None,
            "stream": found.stream if found else stream,
            "status": found and found.status,
            "at": found and instant(found.at),
            "first_tried_at": found and found.first_tried_at and instant(found.first_tried_at),
            "request_id": found and found.request_id,
            "resends": found and found.resends,
        }
        click.echo(json.dumps(answer, indent=2))
    elif found is None:
        click.echo(f"Not in the ledger {shown}, for this stream, key and account: a run would treat the record as new")
    else:
        request = f"request {printable(found.request_id)}" if found.request_id else "the API gave no request ID"
        click.echo(f"{found.status}, {instant(found.at)}, {request}, resends: {found.resends}")
