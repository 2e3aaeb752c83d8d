"""Checks the settings: whether their values are valid, and whether each of them is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from seeker_leads_cli.doctor.check import Check, attempt
from seeker_leads_cli.settings import declared_settings
from seeker_leads_singer.config import unknown_settings
from tap_seeker_leads.tap import TapSeekerLeads
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_singer.plugin import Plugin

PluginT = TypeVar("PluginT", bound="Plugin[Any]")
_NAME = "settings"


def checked_plugin(plugin: type[PluginT], config: Mapping[str, Any]) -> PluginT | Check:
    """Return the plugin with these settings as a run has it, or the check that says what is wrong with them.

    One file may contain the settings of both plugins; those of the other one are ignored.
    """
    own = {name: value for name, value in config.items() if name in declared_settings(plugin)}
    return attempt(_NAME, lambda: plugin(config=own))


def check_settings(config: Mapping[str, Any], remark: str = "") -> Check:
    """Check that every setting is known to a plugin; an unknown one has no effect, so it is not OK."""
    known = declared_settings(TapSeekerLeads) | declared_settings(TargetSeekerLeads)
    if unknown := unknown_settings(config, known):
        return Check(_NAME, is_ok=False, says="; ".join(unknown))
    return Check(_NAME, is_ok=True, says=f"{len(config)} given{remark}")
