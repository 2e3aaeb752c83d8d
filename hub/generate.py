"""Writes the definitions for Meltano Hub: combines `--about` with the handwritten files beside this one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from seeker_leads_cli.retention.settings import RETENTION_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
#: Each plugin, with the Hub's folder for its kind.
PLUGINS = {"tap-seeker-leads": "extractors", "target-seeker-leads": "loaders"}
#: The command-line tool, as far as Meltano runs it; it has no `--about`.
UTILITY = "seeker-leads"
#: Keys that the Hub's schema of utilities does not allow.
_NOT_OF_UTILITIES = frozenset({"log_parser", "quality"})
KINDS = {
    "array": "array",
    "boolean": "boolean",
    "integer": "integer",
    "number": "decimal",
    "object": "object",
    "string": "string",
}


class _Dumper(yaml.SafeDumper):
    """Writes multi-line texts as block scalars."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _Dumper.represent_text)


def about(plugin: str) -> dict[str, Any]:
    """Return the plugin's `--about`."""
    program = Path(sys.executable).with_name(plugin)
    said = subprocess.run([program, "--about", "--format", "json"], capture_output=True, check=True).stdout  # noqa: S603  # our own
    answer: dict[str, Any] = json.loads(said)
    return answer


def settings(properties: dict[str, Any], prefix: str = "") -> Iterator[dict[str, Any]]:
    """Yield the Hub's form of each setting; an object with known keys is split into one setting per key."""
    for name, declared in properties.items():
        # The user chooses the keys of stream maps.
        has_known_keys = declared.get("properties") and not isinstance(declared.get("additionalProperties"), dict)
        if has_known_keys:
            yield from settings(declared["properties"], f"{prefix}{name}.")
        else:
            yield _setting(prefix + name, declared)


def definition(plugin: str) -> dict[str, Any]:
    """Return the plugin's complete definition."""
    said = about(plugin)
    return {
        **_by_hand("both"),
        **_by_hand(plugin),
        "name": plugin,
        "namespace": plugin.replace("-", "_"),
        "executable": plugin,
        "description": said["description"],
        "capabilities": sorted(said["capabilities"]),
        "supported_python_versions": said["supported_python_versions"],
        "settings": list(settings(said["settings"]["properties"])),
    }


def utility() -> dict[str, Any]:
    """Return the complete definition of the utility."""
    both = {key: value for key, value in _by_hand("both").items() if key not in _NOT_OF_UTILITIES}
    return {
        **both,
        **_by_hand(UTILITY),
        "name": UTILITY,
        "namespace": UTILITY.replace("-", "_"),
        "executable": UTILITY,
        "settings": list(settings(RETENTION_SETTINGS)),
    }


def files() -> dict[Path, str]:
    """Return the contents of each generated file by its path below `hub`."""
    written = {}
    definitions = [(folder, definition(plugin)) for plugin, folder in PLUGINS.items()]
    for folder, content in [*definitions, ("utilities", utility())]:
        path = Path("_data", "meltano", folder, content["name"], f"{content['variant']}.yml")
        # As the Hub's yamllint requires: sorted keys, lists not indented.
        written[path] = yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=True, width=120)
    return written


def _by_hand(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((HERE / f"{name}.yml").read_text(encoding="utf-8"))
    return content


def _setting(name: str, declared: dict[str, Any]) -> dict[str, Any]:
    setting = {
        "name": name,
        "label": declared["title"],
        "kind": _kind(declared),
        "description": declared["description"],
    }
    if declared.get("secret"):
        setting["sensitive"] = True
    if setting["kind"] == "options":
        setting["options"] = [{"label": value.title(), "value": value} for value in declared["enum"] if value]
    if "default" in declared:
        setting["value"] = declared["default"]
    return setting


def _kind(declared: dict[str, Any]) -> str:
    if "enum" in declared:
        return "options"
    if declared.get("format") == "date-time":
        return "date_iso8601"
    types: set[str] = set()
    for alternative in declared.get("oneOf", [declared]):
        given = alternative["type"]
        types.update([given] if isinstance(given, str) else given)
    types.discard("null")
    if len(types) == 1:
        return KINDS[types.pop()]
    # The Hub allows one kind per setting: use the widest.
    return "array" if "array" in types else "string"


if __name__ == "__main__":
    for path, text in files().items():
        (HERE / path).parent.mkdir(parents=True, exist_ok=True)
        (HERE / path).write_text(text, encoding="utf-8")
