"""The command `preview`."""

from __future__ import annotations

import sys

import click

from seeker_leads_cli.input import InputOptions, open_input
from seeker_leads_cli.options import example, input_options
from seeker_leads_cli.preview.as_json import as_json
from seeker_leads_cli.preview.as_text import show
from seeker_leads_cli.preview.proposals import proposals
from seeker_leads_cli.preview.target import survey_of
from seeker_leads_cli.screen import is_utf8
from seeker_leads_cli.settings import read_config


@click.command(
    short_help="Check a file of leads without sending it.",
    epilog=example('preview export-crm.csv --key "Réf. contact"'),
)
@input_options
@click.option("--json", "is_json", is_flag=True, help="Print JSON without samples, in a stable format.")
def preview(options: InputOptions, config_files: tuple[str, ...], *, is_json: bool) -> None:
    """Preview a file of leads: what each column means, and which rows would be sent.

    FILE is a CSV, an Excel workbook (.xlsx) or Singer messages; `-` is standard input. Nothing is sent or written, and
    no account is needed. The preview uses the target's own mapping, so a run gives the same results.
    """
    config = read_config(config_files)
    with open_input(options) as source:
        survey = survey_of(source, config)
        if source.warning:
            click.echo(source.warning, err=True)
        if is_json:
            click.echo(as_json(survey, ascii_only=not is_utf8(sys.stdout)))
        else:
            show(survey, proposals(survey), f"{source.name}, {source.form}", as_json=bool(config_files))
