"""README and meltano.yml say what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_seeker_leads.schema import leads_schema
from tap_seeker_leads.settings import TAP_SETTINGS
from tap_seeker_leads.tap import TapSeekerLeads

PROJECT = Path(__file__).resolve().parents[3]
KINDS = {"string": "string", "integer": "integer", "boolean": "boolean"}


def shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.fixture
def readme() -> str:
    return (PROJECT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def extractor() -> dict[str, Any]:
    meltano = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
    (plugin,) = meltano["plugins"]["extractors"]
    assert isinstance(plugin, dict)
    return plugin


def test_readme_lists_every_setting(readme: str) -> None:
    """The settings table has each setting once, in order, with its default and description."""
    section = readme.partition("## Settings")[2].partition("## State")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", section, flags=re.MULTILINE)
    assert rows == [
        (name, f"`{shown(declared['default'])}`" if "default" in declared else "", declared["description"])
        for name, declared in TAP_SETTINGS.items()
    ]


def test_readme_lists_every_column(readme: str) -> None:
    """The table of columns names each column of the schema."""
    section = readme.partition("## What you get")[2].partition("## Settings")[0]
    columns = {
        name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert columns == set(leads_schema()["properties"])


def test_meltano_declares_every_setting(extractor: dict[str, Any]) -> None:
    """Meltano knows each setting with its kind, default, options and secrecy."""
    expected = []
    for name, declared in TAP_SETTINGS.items():
        kind = "date_iso8601" if declared.get("format") else KINDS[declared["type"][0]]
        setting: dict[str, Any] = {"name": name, "label": declared["title"], "kind": kind}
        if declared.get("secret"):
            setting["sensitive"] = True
        if "enum" in declared:
            setting["kind"] = "options"
            setting["options"] = [{"label": value.title(), "value": value} for value in declared["enum"] if value]
        if "default" in declared:
            setting["value"] = declared["default"]
        setting["description"] = declared["description"]
        expected.append(setting)
    assert extractor["settings"] == expected


def test_meltano_declares_the_capabilities(extractor: dict[str, Any]) -> None:
    """Meltano gives catalog and state only to a tap that says it takes them."""
    assert extractor["capabilities"] == sorted(capability.value for capability in TapSeekerLeads.capabilities)
