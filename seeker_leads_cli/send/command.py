"""The command `send`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seeker_leads_cli.input import open_input
from seeker_leads_cli.options import example, input_options
from seeker_leads_cli.send.progress import Progress, log_beside
from seeker_leads_cli.settings import read_config
from target_seeker_leads.ledger.location import Location
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from seeker_leads_cli.input import InputOptions


@click.command(
    short_help="Send a file of leads.", epilog=example('send export-crm.csv --config config.json --key "Réf. contact"')
)
@input_options
@click.option("--dry-run", is_flag=True, help="Check the ledger and report what would be sent; send nothing.")
def send(options: InputOptions, config_files: tuple[str, ...], *, dry_run: bool) -> None:
    """Send a file of leads: each row that was not sent before becomes a lead.

    FILE is a CSV, an Excel workbook (.xlsx) or Singer messages; `-` is standard input. The whole file is read before
    anything is sent. Rows that cannot be sent are written to the file of `rejects_path`, with their reasons.
    """
    config = read_config(config_files)
    if dry_run:
        config["dry_run"] = True
    target = TargetSeekerLeads(config=config)
    with open_input(options) as source:
        total = source.check()
        if source.warning:
            click.echo(source.warning, err=True)
        click.echo(f"Ledger: {Location.parse(target.settings.ledger_url).shown}", err=True)
        progress = Progress(total)
        with log_beside(progress), source.messages(progress.count) as messages:
            target.run(messages)  # type: ignore[arg-type]  # the SDK declares text; the reader takes bytes
