"""README, pages and meltano.yml match the code."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from seeker_leads_api.accounts import ACCOUNTS_SETTINGS
from seeker_leads_api.metrics_file import METRICS_SETTINGS
from seeker_leads_api.settings import CONNECTION_SETTINGS
from tap_seeker_leads.leads.schema import leads_schema
from tap_seeker_leads.settings import TAP_SETTINGS
from tap_seeker_leads.tap import TapSeekerLeads
from target_seeker_leads.mapping.field_names import FIELD_NAMES, TYPED_PHONE_NAMES, VAGUE_NAMES, normalise
from target_seeker_leads.settings import TARGET_SETTINGS
from target_seeker_leads.target import TargetSeekerLeads
from tests.pages import PROJECT, names_in, rows_of, text_of

if TYPE_CHECKING:
    from seeker_leads_api.contract import JsonSchema

KINDS = {"string": "string", "integer": "integer", "boolean": "boolean", "object": "object", "array": "array"}
#: Settings that the SDK adds for the capability `stream-maps`.
STREAM_MAPS = {"name": "stream_maps", "label": "Stream maps", "kind": "object"}


def shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


OF_BOTH = {**CONNECTION_SETTINGS, **ACCOUNTS_SETTINGS, **METRICS_SETTINGS}


def own(settings: dict[str, JsonSchema]) -> dict[str, JsonSchema]:
    return {name: declared for name, declared in settings.items() if name not in OF_BOTH}


@pytest.fixture(scope="module")
def meltano() -> dict[str, Any]:
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
    return {plugin["name"]: plugin for plugins in project["plugins"].values() for plugin in plugins}


@pytest.mark.parametrize(
    ("heading", "declarations"),
    [("Common", OF_BOTH), ("Tap", own(TAP_SETTINGS)), ("Target", own(TARGET_SETTINGS))],
)
def test_page_lists_every_setting(heading: str, declarations: dict[str, JsonSchema]) -> None:
    """The settings tables have each setting once, in order, with its default and description."""
    section = re.split(r"\n##", text_of("docs/settings.md").partition(f"\n## {heading} settings\n")[2])[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", section, flags=re.MULTILINE)
    assert rows == [
        (name, f"`{shown(declared['default'])}`" if "default" in declared else "", declared["description"])
        for name, declared in declarations.items()
    ]


def test_readme_lists_every_column() -> None:
    """The table of columns lists each column of the schema."""
    section = text_of("README.md").partition("## What you get")[2].partition("## ")[0]
    columns = {
        name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert columns == set(leads_schema()["properties"])


def test_badges_say_what_the_package_declares() -> None:
    """Each badge of the README shows what `pyproject.toml` says, and its alternative text is the same."""
    declared = (PROJECT / "pyproject.toml").read_text("utf-8")
    pythons = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', declared)
    expected = {
        "python": ("Python", f"{pythons[0]} to {pythons[-1]}"),
        "license": ("license", re.findall(r'^license = "(.*)"', declared, re.MULTILINE)[0]),
        "singer-sdk": ("Singer SDK", re.findall(r'"singer-sdk>=(\d+\.\d+)\.\d+,', declared)[0]),
    }
    badges = re.findall(r"!\[([^\]]+)\]\((docs/pictures/badge-([\w-]+)\.svg)\)", text_of("README.md"))
    assert {name: text for text, _, name in badges} == {name: " ".join(words) for name, words in expected.items()}
    for _, path, name in badges:
        drawn = (PROJECT / path).read_text("utf-8")
        assert tuple(re.findall(r"<text [^>]*>(.*)</text>", drawn)) == expected[name]
        assert (
            re.findall(r'aria-label="(.*)"', drawn)
            == re.findall(r"<title>(.*)</title>", drawn)
            == [": ".join(expected[name])]
        )


def test_readme_is_short() -> None:
    """The README is a door: at most 150 lines."""
    assert len(text_of("README.md").splitlines()) <= 150


def test_target_page_lists_every_name() -> None:
    """The table of names lists each name that the mapping knows, in its order, with the field that it means."""
    listed = [(names_in(row[0]), [*map(normalise, names_in(row[1]))]) for row in rows_of("docs/target.md", "Names")]
    expected = [([field], [*names]) for field, names in FIELD_NAMES.items()]
    phones = [field for [field], _ in expected].index("phoneNumbers") + 1
    expected[phones:phones] = [(["phoneNumbers", kind], [*names]) for kind, names in TYPED_PHONE_NAMES.items()]
    assert listed == [*expected, *(([field], [*names]) for field, names in VAGUE_NAMES.items())]


def test_recipe_for_odoo_has_one_source(meltano: dict[str, Any]) -> None:
    """The recipe quotes the loader of `meltano.yml` and links to the view of `examples/`, which the tests run."""
    stream_maps = meltano["target-seeker-leads-odoo"]["config"]["stream_maps"]
    recipe = (PROJECT / "docs" / "recipes.md").read_text(encoding="utf-8").partition("## A CRM such as Odoo")[2]
    plugins = yaml.safe_load(textwrap.dedent("   " + recipe.partition("   ```yaml\n   ")[2].partition("   ```")[0]))
    (extractor,), (loader,) = plugins["plugins"].values()
    assert loader["config"]["stream_maps"] == stream_maps
    assert extractor["select"] == meltano["tap-postgres"]["select"]
    assert "](../examples/odoo_leads.sql)" in recipe


def test_environments_for_loaders_that_append_do_not_read_again() -> None:
    """The environments for files turn the refresh off: each lead that is read again would add a line."""
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
    plugins = {environment["name"]: environment["config"]["plugins"] for environment in project["environments"]}
    for_files = {name for name in plugins if name.endswith("-files")}
    assert for_files == {"local-files", "production-files"}
    for name in plugins.keys() - for_files:
        (tap,) = plugins[name]["extractors"]
        assert "refresh_days" not in tap["config"]
    for name in for_files:
        other = plugins[name.removesuffix("-files")]
        (tap,) = other["extractors"]
        assert plugins[name]["extractors"] == [{**tap, "config": {**tap["config"], "refresh_days": 0}}]
        assert plugins[name]["loaders"] == other["loaders"]


def test_job_on_the_pages_is_meltanos() -> None:
    """The job and the schedule on the operations page are those of `meltano.yml`."""
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
    page = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    example = yaml.safe_load("jobs:" + page.partition("```yaml\njobs:")[2].partition("```")[0])
    assert example == {name: project[name] for name in ("jobs", "schedules")}


@pytest.mark.parametrize(
    ("name", "declarations", "more"),
    [("tap-seeker-leads", TAP_SETTINGS, []), ("target-seeker-leads", TARGET_SETTINGS, [STREAM_MAPS])],
)
def test_meltano_declares_every_setting(
    meltano: dict[str, Any], name: str, declarations: dict[str, JsonSchema], more: list[dict[str, Any]]
) -> None:
    """Meltano has each setting with its kind, default, options and secrecy."""
    expected = []
    for setting_name, declared in declarations.items():
        kind = "date_iso8601" if declared.get("format") else KINDS[declared["type"][0]]
        setting: dict[str, Any] = {"name": setting_name, "label": declared["title"], "kind": kind}
        if declared.get("secret"):
            setting["sensitive"] = True
        if "enum" in declared:
            setting["kind"] = "options"
            setting["options"] = [{"label": value.title(), "value": value} for value in declared["enum"] if value]
        if "default" in declared:
            setting["value"] = declared["default"]
        setting["description"] = declared["description"]
        expected.append(setting)
    found = meltano[name]["settings"]
    assert found[: len(expected)] == expected
    assert [
        {key: value for key, value in setting.items() if key != "description"} for setting in found[len(expected) :]
    ] == more


@pytest.mark.parametrize("plugin", [TapSeekerLeads, TargetSeekerLeads])
def test_meltano_declares_the_capabilities(
    meltano: dict[str, Any], plugin: type[TapSeekerLeads | TargetSeekerLeads]
) -> None:
    """Meltano passes catalog and state only to a tap that declares these capabilities."""
    assert meltano[plugin.name]["capabilities"] == sorted(capability.value for capability in plugin.capabilities)
