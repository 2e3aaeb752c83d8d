"""The target. It cannot deliver yet, and says so."""

from __future__ import annotations

import sys

import click


class TargetSeekerLeads:
    """Reserves the name of the command."""

    @staticmethod
    @click.command(name="target-seeker-leads")
    @click.version_option(package_name="singer-seeker-leads", prog_name="target-seeker-leads")
    def cli() -> None:
        """Refuse to run: nothing that is read would be delivered."""
        click.echo("target-seeker-leads cannot deliver leads yet: nothing was read or sent.", err=True)
        sys.exit(1)
