"""The command `doctor`."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click

from seeker_leads_cli.doctor.plugins import PLUGINS, plugin_configs
from seeker_leads_cli.doctor.tap import check_tap
from seeker_leads_cli.doctor.target import check_target
from seeker_leads_cli.options import JSON, config_option, example
from seeker_leads_singer.command import EXIT_FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from seeker_leads_cli.doctor.check import Check

_CHECKS = {"tap": check_tap, "target": check_target}


@click.command(short_help="Check whether a setup works.", epilog=example("doctor --config config.json"))
@click.option(
    "--for", "wanted", type=click.Choice([*PLUGINS]), help="Check only this plugin. Default: each that has settings."
)
@config_option("Settings, as JSON. Default: the variables TAP_SEEKER_LEADS_… and TARGET_SEEKER_LEADS_….")
@JSON
@click.pass_context
def doctor(context: click.Context, wanted: str | None, config_files: tuple[str, ...], *, is_json: bool) -> None:
    """Check each part of a setup. Each has one line: OK, or what is wrong and what to do.

    The parts are settings, token, connection, newest lead, clocks and rate limit, and for a target also ledger and
    rejects file. Nothing is sent, created or changed. A token is requested only if none is cached. Exits with 1 if a
    part is not OK.
    """
    checks = _checks(plugin_configs(config_files, wanted))
    found = list(checks) if is_json else [_shown(plugin, check) for plugin, check in checks]
    are_ok = all(check.is_ok for _, check in found)
    if is_json:
        listed = [
            {"plugin": plugin, "check": check.name, "ok": check.is_ok, "says": check.says} for plugin, check in found
        ]
        click.echo(json.dumps({"ok": are_ok, "checks": listed}, indent=2))
    if not are_ok:
        context.exit(EXIT_FAILED)


def _checks(configs: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Check]]:
    for plugin, config in configs.items():
        for check in _CHECKS[plugin](config, now=time.time):
            yield plugin, check


def _shown(plugin: str, check: Check) -> tuple[str, Check]:
    """Print a check as soon as it is done."""
    click.echo(f"{'OK' if check.is_ok else 'NOT OK':6}  {plugin:6}  {check.name}: {check.says}")
    return plugin, check
