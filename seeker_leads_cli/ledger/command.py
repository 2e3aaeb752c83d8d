"""The command `ledger`."""

from __future__ import annotations

import click

from seeker_leads_cli.ledger.copy import copy_ledger
from seeker_leads_cli.ledger.find import find
from seeker_leads_cli.ledger.purge import purge
from seeker_leads_cli.ledger.stats import stats

_EXAMPLE = """\b
Example:
  seeker-leads ledger stats --config config.json
  seeker-leads ledger find --stream leads --key '{"id": 5}' --config config.json
"""


@click.group(short_help="Look after the ledger.", epilog=_EXAMPLE)
def ledger() -> None:
    """Look after the ledger, the database that remembers what was sent: ask it, purge it, copy it elsewhere."""


for _command in (stats, find, purge, copy_ledger):
    ledger.add_command(_command)
