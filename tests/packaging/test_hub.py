"""`--about`, the definitions for Meltano Hub and `meltano.yml` agree."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hub.generate import HERE, PLUGINS, UTILITY, about, definition, files, settings, utility
from hub.validate import violations
from seeker_leads_api.settings import CONNECTION_SETTINGS
from tap_seeker_leads.settings import TAP_SETTINGS
from target_seeker_leads.settings import TARGET_SETTINGS
from tests.pages import PROJECT, blocks_of

if TYPE_CHECKING:
    from pathlib import Path

OWN_SETTINGS = {
    "tap-seeker-leads": {**CONNECTION_SETTINGS, **TAP_SETTINGS},
    "target-seeker-leads": {**CONNECTION_SETTINGS, **TARGET_SETTINGS},
}


@pytest.fixture(scope="module")
def generated() -> dict[Path, str]:
    return files()


@pytest.fixture(scope="module", params=PLUGINS)
def plugin(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def entry(plugin: str) -> dict[str, Any]:
    return definition(plugin)


@pytest.fixture
def in_meltano(plugin: str) -> dict[str, Any]:
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text("utf-8"))
    (found,) = (entry for entry in project["plugins"][PLUGINS[plugin]] if entry["name"] == plugin)
    return dict(found)


def test_definitions_are_up_to_date(generated: dict[Path, str]) -> None:
    """The files are exactly those that `make hub` writes."""
    assert {path.relative_to(HERE) for path in HERE.glob("_data/**/*.yml")} == set(generated)
    for path, text in generated.items():
        assert (HERE / path).read_text("utf-8") == text, "run `make hub`"


def test_meltano_has_the_settings_of_the_definition(
    plugin: str, entry: dict[str, Any], in_meltano: dict[str, Any]
) -> None:
    """Both have the same settings: kind, default, options, secrecy, description. The SDK's own may be missing."""
    ours = [setting for setting in entry["settings"] if setting["name"] in OWN_SETTINGS[plugin]]
    assert [setting["name"] for setting in ours] == list(OWN_SETTINGS[plugin])
    assert in_meltano["settings"][: len(ours)] == ours
    kinds = {setting["name"]: setting["kind"] for setting in entry["settings"]}
    for setting in in_meltano["settings"]:
        assert setting["kind"] == kinds[setting["name"]]


def test_meltano_has_the_utility_of_the_definition() -> None:
    """Its settings, its commands and the rest are one and the same in both."""
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text("utf-8"))
    (found,) = project["plugins"]["utilities"]
    entry = utility()
    assert found["name"] == UTILITY
    for field in ("namespace", "executable", "label", "description", "commands", "settings"):
        assert found[field] == entry[field], field
    assert (HERE / "static" / entry["logo_url"].lstrip("/")).is_file()


@pytest.mark.parametrize("field", ["namespace", "executable", "label", "capabilities", "log_parser", "commands"])
def test_meltano_has_the_rest_of_the_definition(entry: dict[str, Any], in_meltano: dict[str, Any], field: str) -> None:
    """A user who copies from `meltano.yml` gets the same as from the Hub."""
    assert in_meltano[field] == entry[field]


def test_definition_has_what_about_says(plugin: str, entry: dict[str, Any]) -> None:
    """The definition has every setting of `--about`, the SDK's included, and marks secrets."""
    printed = about(plugin)
    names = [setting["name"] for setting in entry["settings"]]
    assert list(dict.fromkeys(name.partition(".")[0] for name in names)) == list(printed["settings"]["properties"])
    secrets = {name for name, declared in printed["settings"]["properties"].items() if declared.get("secret")}
    assert {setting["name"] for setting in entry["settings"] if setting.get("sensitive")} == secrets
    assert set(entry["capabilities"]) == set(printed["capabilities"])


def test_group_validation_names_settings(entry: dict[str, Any]) -> None:
    """The settings that Meltano requires exist."""
    names = {setting["name"] for setting in entry["settings"]}
    assert {name for group in entry["settings_group_validation"] for name in group} <= names


def test_logo_is_there(entry: dict[str, Any]) -> None:
    """The logo that the definition names is in the folder where the Hub expects it."""
    assert (HERE / "static" / entry["logo_url"].lstrip("/")).is_file()


def test_env_example_has_every_secret(plugin: str, entry: dict[str, Any]) -> None:
    """`.env.example` names each secret without a value: by the plugin's variable, or by a variable that replaces it.

    `meltano.yml` passes the latter to tap and target in the vendor's environments, and in no other.
    """
    prefix = plugin.upper().replace("-", "_") + "_"
    lines = (PROJECT / ".env.example").read_text("utf-8").splitlines()
    named = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", "\n".join(lines), re.MULTILINE))
    assert set(named.values()) == {""}
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text("utf-8"))
    handed_on = {
        environment["name"]: {
            setting: value.removeprefix("$")
            for found in environment["config"]["plugins"][PLUGINS[plugin]]
            for setting, value in found["config"].items()
            if found["name"] == plugin and str(value).startswith("$SEEKER_LEADS_")
        }
        for environment in project["environments"]
    }
    client = {"client_id": "SEEKER_LEADS_CLIENT_ID", "client_secret": "SEEKER_LEADS_CLIENT_SECRET"}
    for_files = {"local-files": {}, "production-files": client}
    assert handed_on == {"local": {}, "sandbox": client, "production": client, **for_files}
    assert set(client.values()) <= set(named)
    own = {name.removeprefix(prefix).lower() for name in named if name.startswith(prefix)}
    secrets = {setting["name"] for setting in entry["settings"] if setting.get("sensitive")}
    # A token in `.env` would apply to every environment: it belongs in a shell, or in a secret of the machine.
    assert secrets - {*client, "auth_token"} <= own <= {setting["name"] for setting in entry["settings"]}


def configs_by_environment(content: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the configuration of each plugin in each environment of a `meltano.yml`."""
    return {
        environment["name"]: {
            entry["name"]: entry["config"] for plugins in environment["config"]["plugins"].values() for entry in plugins
        }
        for environment in content["environments"]
    }


def test_start_page_has_the_environments_of_the_project() -> None:
    """`docs/start.md` shows each environment as in `meltano.yml`, except for the name of the user's software."""
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text("utf-8"))
    ours = configs_by_environment(project)
    defaults = {
        loader["name"]: {setting["name"]: setting["value"] for setting in loader["settings"] if "value" in setting}
        for loader in project["plugins"]["loaders"]
        if "settings" in loader
    }
    (block,) = (block for block in blocks_of("docs/start.md") if "\nenvironments:" in block.text)
    example = yaml.safe_load(block.text)
    written = configs_by_environment(example)
    assert set(written) == {"sandbox", "production"}
    assert example["default_environment"] in written
    for environment, plugins in written.items():
        for plugin, config in plugins.items():
            config.pop("user_agent", None)
            assert config
            if plugin == "tap-seeker-leads":
                assert config == ours[environment][plugin]
            assert config.items() <= {**defaults.get(plugin, {}), **ours[environment].get(plugin, {})}.items()


@pytest.mark.parametrize("loader", ["target-postgres", "target-duckdb"])
def test_environments_do_not_share_a_table(loader: str) -> None:
    """Leads of a sandbox are never mixed with real ones, whichever database `.env` sets for all environments."""
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text("utf-8"))
    (entry,) = (entry for entry in project["plugins"]["loaders"] if entry["name"] == loader)
    (default,) = (setting["value"] for setting in entry["settings"] if setting["name"] == "default_target_schema")
    schemas = {
        environment: plugins.get(loader, {}).get("default_target_schema", default)
        for environment, plugins in configs_by_environment(project).items()
    }
    assert len({schemas[environment] for environment in ("local", "sandbox", "production")}) == 3
    assert schemas["local-files"] == schemas["local"]
    assert schemas["production-files"] == schemas["production"]


def test_environments_do_not_share_dead_letters() -> None:
    """`rejects retry` in production never sends the invented leads of a sandbox to real agencies."""
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text("utf-8"))
    name = "target-seeker-leads"
    (entry,) = (entry for entry in project["plugins"]["loaders"] if entry["name"] == name)
    paths = {
        environment: plugins[name].get("rejects_path", entry["config"]["rejects_path"])
        for environment, plugins in configs_by_environment(project).items()
    }
    assert len({paths[environment] for environment in ("local", "sandbox", "production")}) == 3
    assert paths["local-files"] == paths["local"]
    assert paths["production-files"] == paths["production"]


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ({"type": ["string", "null"]}, "string"),
        ({"type": "number"}, "decimal"),
        ({"type": ["string", "null"], "format": "date-time"}, "date_iso8601"),
        ({"oneOf": [{"type": ["number"]}, {"type": ["boolean"]}, {"type": "null"}]}, "string"),
        ({"oneOf": [{"type": ["string"]}, {"type": "array"}]}, "array"),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": {}}, "object"),
    ],
)
def test_kinds(declared: dict[str, Any], kind: str) -> None:
    """The Hub allows one kind per setting."""
    (setting,) = settings({"it": {"title": "It", "description": "That.", **declared}})
    assert setting["kind"] == kind


def test_known_keys_become_separate_settings() -> None:
    """An object with known keys becomes one setting per key."""
    key = {"title": "Key", "description": "That.", "type": "string"}
    both = {"it": {"type": "object", "properties": {"a": key, "b": key}}}
    assert [setting["name"] for setting in settings(both)] == ["it.a", "it.b"]


def test_violations_of_a_schema_are_named(tmp_path: Path) -> None:
    """`python -m hub.validate` follows the schemas' references from file to file, and names violations."""
    (tmp_path / "common").mkdir()
    (tmp_path / "plugin_definitions").mkdir()
    common = {"$id": "common/common.schema.json", "properties": {"name": {"type": "string"}}}
    schema = {"$id": "loaders.schema.json", "allOf": [{"$ref": "../common/common.schema.json"}]}
    (tmp_path / "common" / "common.schema.json").write_text(json.dumps(common))
    path = tmp_path / "plugin_definitions" / "loaders.schema.json"
    path.write_text(json.dumps(schema))
    assert list(violations({"name": "target-it"}, path)) == []
    assert list(violations({"name": 1}, path)) == ["$.name: 1 is not of type 'string'"]
