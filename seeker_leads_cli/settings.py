"""A plugin's settings, from files or from the plugin's environment variables, which Meltano sets."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from seeker_leads_api.accounts import ACCOUNTS_SETTINGS
from seeker_leads_singer.config import read_environment, read_files, variable_prefix
from target_seeker_leads.settings import TargetSettings
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seeker_leads_api.contract import JsonSchema
    from seeker_leads_singer.plugin import Plugin

#: Required settings that a preview does not use: it sends and writes nothing.
_PLACEHOLDERS = {"auth_token": "preview", "ledger_url": "sqlite://", "rejects_path": "rejects.jsonl"}
_ACCOUNT = frozenset(
    {"client_id", "client_secret", "intermediary_id", "audience", "auth_url", "account_field", *ACCOUNTS_SETTINGS}
)


def read_config(paths: Sequence[str], plugin: type[Plugin[Any]] = TargetSeekerLeads) -> dict[str, Any]:
    """Return the settings from the files or, without files, from variables such as `TARGET_SEEKER_LEADS_…`.

    Raises:
        SettingsError: a file or a variable cannot be read as settings.
    """
    if paths:
        return read_files(paths)
    config = read_environment(variable_prefix(plugin.name), declared_settings(plugin))
    if isinstance(maps := config.get("stream_maps"), dict):
        config["stream_maps"] = _nested(maps)
    return config


def declared_settings(plugin: type[Plugin[Any]]) -> dict[str, JsonSchema]:
    """Return every setting of a plugin, including those of the SDK."""
    declared = copy.deepcopy(plugin.config_jsonschema)
    plugin.append_builtin_config(declared)
    properties: dict[str, JsonSchema] = declared["properties"]
    return properties


def _nested(maps: Mapping[str, Any]) -> dict[str, Any]:
    """Return stream maps grouped by stream: in a variable, Meltano flattens them to `{"leads.lastName": …}`."""
    nested: dict[str, Any] = {}
    for name, definition in maps.items():
        stream, dot, field = name.rpartition(".")
        if dot and isinstance(definition, (str, type(None))):
            nested.setdefault(stream, {})[field] = definition
        else:
            nested[name] = definition
    return nested


def without_account(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings without an account, for commands that do not call the API."""
    return {name: value for name, value in config.items() if name not in _ACCOUNT} | _PLACEHOLDERS


def without_need_of_account(config: Mapping[str, Any]) -> TargetSettings:
    """Return the settings for a command that does not call the API; they need not contain an account.

    Raises:
        SettingsError: another setting is wrong.
    """
    others = {name: value for name, value in config.items() if name not in _ACCOUNT}
    return TargetSettings.from_config({**others, "auth_token": _PLACEHOLDERS["auth_token"]})
