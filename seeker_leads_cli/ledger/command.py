"""The command `ledger`."""

from __future__ import annotations

import click

from seeker_leads_cli.ledger.copy import copy_ledger
from seeker_leads_cli.ledger.find import find
from seeker_leads_cli.ledger.purge import purge
from seeker_leads_cli.ledger.stats import stats
from seeker_leads_cli.options import example


@click.group(
    short_help="Manage the ledger, the record of what was sent.",
    epilog=example(
        "ledger stats --config config.json", "ledger find --stream leads --key '{\"id\": 5}' --config config.json"
    ),
)
def ledger() -> None:
    """Query, purge or copy the ledger, the database that records what was sent."""


for _command in (stats, find, purge, copy_ledger):
    ledger.add_command(_command)
