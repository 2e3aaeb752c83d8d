"""Finds out which plugins to check: those with settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.settings import declared_settings, read_config
from tap_seeker_leads.tap import TapSeekerLeads
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seeker_leads_singer.plugin import Plugin

PLUGINS: Mapping[str, type[Plugin[Any]]] = {"tap": TapSeekerLeads, "target": TargetSeekerLeads}


def plugin_configs(config_files: Sequence[str], wanted: str | None) -> dict[str, dict[str, Any]]:
    """Return the settings of the plugins to check, `tap` and `target`: the wanted one, or those that have settings.

    Raises:
        SettingsError: no plugin has settings, or a file or variable cannot be read as settings.
    """
    if wanted is not None:
        return {wanted: read_config(config_files, PLUGINS[wanted])}
    if config_files:
        config = read_config(config_files)
        return dict.fromkeys(_plugins_of(config), config)
    configs = {name: read_config((), plugin) for name, plugin in PLUGINS.items()}
    if found := {name: config for name, config in configs.items() if config}:
        return found
    msg = "No settings are given: use --config FILE, or set variables such as TAP_SEEKER_LEADS_CLIENT_ID"
    raise SettingsError(msg)


def _plugins_of(config: Mapping[str, Any]) -> list[str]:
    """Return the plugins that a file is for: those with a setting that the other does not have, or else both."""
    tap, target = (set(declared_settings(plugin)) for plugin in PLUGINS.values())
    own = {"tap": tap - target, "target": target - tap}
    return [name for name, settings in own.items() if settings & set(config)] or [*own]
