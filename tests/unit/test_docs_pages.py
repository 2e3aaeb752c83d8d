"""The pages of `docs/` and the README: checks that need not run anything."""

from __future__ import annotations

import copy
import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from seeker_leads_sandbox.cli import serve
from tap_seeker_leads.tap import TapSeekerLeads
from target_seeker_leads.target import TargetSeekerLeads
from tests.pages import (
    PAGES,
    PROJECT,
    Block,
    anchors_of,
    blocks_of,
    every_block,
    prose_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Public sites that pages may link to; add a new one only after checking that it exists.
SITES = {
    "meltano.com",
    "docs.meltano.com",
    "hub.meltano.com",
    "sdk.meltano.com",
    "dlthub.com",
    "docs.airbyte.com",
    "github.com",
}

#: Paths on a developer's machine, such as this one.
_MACHINE_PATH = re.compile(rf"/(?:root|home|tmp|Users)/\w|{re.escape(str(PROJECT))}")
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


def settings_of(plugin: type[TapSeekerLeads | TargetSeekerLeads]) -> set[str]:
    """Return the names of a plugin's settings, including the SDK's own."""
    declared = copy.deepcopy(plugin.config_jsonschema)
    plugin.append_builtin_config(declared)
    return set(declared["properties"])


SETTINGS = {plugin.name: settings_of(plugin) for plugin in (TapSeekerLeads, TargetSeekerLeads)}


def test_index_lists_every_page() -> None:
    """The index lists each page of the folder, and every page in the index exists."""
    listed = set(re.findall(r"\]\(([\w/]+\.md)\)", text_of("docs/README.md")))
    assert listed == {page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")} - {"README.md"}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """A link leads to an existing file and to a heading in it; links to other sites lead only to known ones."""
    for link in _LINK.findall(prose_of(page)):
        if link.startswith("https://"):
            assert link.split("/")[2] in SITES, link
            continue
        path, _, anchor = link.partition("#")
        file = ((PROJECT / page).parent / path).resolve() if path else PROJECT / page
        assert file.exists(), link
        if anchor:
            assert anchor in anchors_of(str(file.relative_to(PROJECT))), link


@pytest.mark.parametrize("page", PAGES)
def test_pictures_are_there_and_small(page: str) -> None:
    """A picture is a file of this repository, has an alternative text, and is small enough to load fast."""
    text = prose_of(page)
    shown = [*re.findall(r"!\[([^\]]+)\]\(([^)\s]+)\)", text), *re.findall(r'<img alt="([^"]+)" src="([^"]+)">', text)]
    assert len(shown) == text.count("![") + text.count("<img")
    for path in [*(path for _, path in shown), *re.findall(r'srcset="([^"]+)"', text)]:
        assert ((PROJECT / page).parent / path).stat().st_size < 300_000, path


@pytest.mark.parametrize("page", PAGES)
def test_pages_name_no_machine(page: str) -> None:
    """No page contains a path of the machine on which it was written."""
    assert not _MACHINE_PATH.search(text_of(page))


@pytest.mark.parametrize("block", every_block("yaml", "json", "json lines", "python"), ids=lambda block: block.place)
def test_blocks_can_be_parsed(block: Block) -> None:
    """YAML, JSON and Python blocks of a page can be parsed."""
    if block.language == "yaml":
        assert list(yaml.safe_load_all(block.text))
    elif block.language == "json":
        assert json.loads(block.text)
    elif block.language == "json lines":
        assert [json.loads(line) for line in block.text.splitlines()]
    else:
        compile(block.text, block.place, "exec")


@pytest.mark.parametrize("path", sorted((PROJECT / "examples").rglob("*.yaml")), ids=lambda path: path.name)
def test_examples_can_be_parsed_and_name_settings_that_exist(path: Path) -> None:
    """YAML files of `examples/` can be parsed, and their variables are settings of the plugins."""
    text = path.read_text("utf-8")
    assert all(yaml.safe_load_all(text))
    for kind, name in re.findall(r"\b(TAP|TARGET)_SEEKER_LEADS_([A-Z_]+[A-Z])\b", text):
        assert name.lower() in SETTINGS[f"{kind.lower()}-seeker-leads"], name


def configs_in(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the `config` of each of our plugins, with the plugin's name."""
    if isinstance(value, dict):
        name = str(value.get("inherit_from") or value.get("name", ""))
        if name in SETTINGS and isinstance(value.get("config"), dict):
            yield name, value["config"]
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from configs_in(inner)


@pytest.mark.parametrize("page", PAGES)
def test_settings_exist(page: str) -> None:
    """Each setting that a page gives to one of our plugins exists: in YAML, in a config file, in a variable."""
    for block in blocks_of(page):
        if block.language == "yaml":
            for document in yaml.safe_load_all(block.text):
                for name, config in configs_in(document):
                    assert set(config) <= SETTINGS[name], block.place
                if isinstance(document, dict) and set(document) == {"config"}:
                    assert any(set(document["config"]) <= names for names in SETTINGS.values()), block.place
        if block.language == "json" and "api_url" in (config := json.loads(block.text)):
            assert any(set(config) <= names for names in SETTINGS.values()), block.place
    for kind, name in re.findall(r"\b(TAP|TARGET)_SEEKER_LEADS_([A-Z][A-Z_]*[A-Z])\b", text_of(page)):
        assert name.lower() in SETTINGS[f"{kind.lower()}-seeker-leads"], name


def test_pages_match_meltanos_schema() -> None:
    """A page's parts of `meltano.yml` match Meltano's own schema."""
    schema = json.loads((resources.files("meltano") / "schemas" / "meltano.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft7Validator(schema)
    seen = 0
    for block in every_block("yaml"):
        document = yaml.safe_load_all(block.text).__next__()
        if isinstance(document, dict) and {"plugins", "environments", "jobs", "schedules"} & set(document):
            seen += 1
            errors = [error.message for error in validator.iter_errors({"version": 1, **document})]
            assert errors == [], block.place
    assert seen > 3


def commands_in(block: Block) -> list[list[str]]:
    """Return the words of each command of a shell block, without its variables and its comment."""
    joined = block.text.replace("\\\n", " ")
    parts = re.split(r"\n|&&|\||;|&(?= |$)", joined)
    words = [re.sub(r"^(?:\s*!?\s*\w+=\S*)*\s*|\s#.*$", "", part).split() for part in parts]
    return [command for command in words if command]


def test_options_of_programs_exist() -> None:
    """Each option that a page gives to one of the three programs exists."""
    options = {
        plugin.name: {name for option in plugin.get_singer_command().params for name in option.opts}
        for plugin in (TapSeekerLeads, TargetSeekerLeads)
    }
    options["seeker-leads-sandbox"] = {*(name for option in serve.params for name in option.opts), "--version"}
    seen = 0
    for block in every_block("sh"):
        for program, *words in commands_in(block):
            for word in words if program in options else []:
                if word.startswith("--"):
                    seen += 1
                    assert word.partition("=")[0] in {*options[program], "--help"}, f"{block.place}: {program} {word}"
    assert seen > 20


def test_plugins_of_pipelines_exist() -> None:
    """Plugins that a page runs with Meltano are defined in `meltano.yml`, or have a name that contains "yours"."""
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
    known = {plugin["name"] for plugins in project["plugins"].values() for plugin in plugins} | {"tap-yours"}
    seen = set()
    for block in every_block("sh"):
        for program, *words in commands_in(block):
            if program == "meltano" and {"run", "invoke"} & set(words):
                # `target-seeker-leads:ledger` is a command of that plugin.
                names = (word.partition(":")[0] for word in words)
                seen |= {name for name in names if re.fullmatch(r"(?:tap|target)-[\w-]+", name)}
    assert {"tap-seeker-leads", "target-seeker-leads"} <= seen <= known
