"""The pages of `docs/`, and the README: what can be said of them without running anything."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

import seeker_leads_sandbox
from seeker_leads_api import contract
from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from seeker_leads_sandbox.cli import _parser
from tap_seeker_leads.schema import leads_schema
from tap_seeker_leads.tap import TapSeekerLeads
from target_seeker_leads.conversions import CONVERTERS
from target_seeker_leads.ledger_rules import Status
from target_seeker_leads.ledger_tables import LEDGER, VERSION
from target_seeker_leads.report import Result
from target_seeker_leads.synonyms import CONTAINERS, FIELD_NAMES, normalise
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (PROJECT / "docs").glob("*.md")))
#: Public sites that pages may link to: a new one is added here by somebody who has seen that it is there.
SITES = {"meltano.com", "docs.meltano.com", "sdk.meltano.com"}

_FENCE = re.compile(r"```(.*)")
_MARKER = re.compile(r"<!-- ((?:file|run|shows)\b.*?) -->")
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    marker: str  #: what the comment above it says, if there is one
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def text_of(page: str) -> str:
    return (PROJECT / page).read_text(encoding="utf-8")


@cache
def blocks_of(page: str) -> tuple[Block, ...]:
    """Return the page's fenced blocks, in order."""
    blocks: list[Block] = []
    language: str | None = None
    lines = text_of(page).splitlines()
    begun = 0
    for number, line in enumerate(lines):
        fence = _FENCE.fullmatch(line)
        if fence is None:
            continue
        if language is None:
            language, begun = fence[1], number
        else:
            marker = _MARKER.fullmatch(lines[begun - 1])
            text = "\n".join(lines[begun + 1 : number]) + "\n"
            blocks.append(Block(page, begun + 1, language, marker[1] if marker else "", text))
            language = None
    assert language is None, f"{page}: a block that begins in line {begun + 1} has no end"
    return tuple(blocks)


def prose_of(page: str) -> str:
    """Return the page without its blocks."""
    return "".join(re.split(r"^```.*?^```$", text_of(page), flags=re.MULTILINE | re.DOTALL))


def anchors_of(page: str) -> set[str]:
    """Return what can follow `#` in a link to the page."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def every_block(*languages: str) -> list[Block]:
    return [block for page in PAGES for block in blocks_of(page) if block.language in languages]


def is_ruler(row: list[str]) -> bool:
    return set("".join(row)) <= set("-:")


def rows_of(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the tables in one section of a page, without their headings."""
    section = re.split(r"^#+ ", text_of(page).partition(f"# {heading}\n")[2], flags=re.MULTILINE)[0]
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    assert rows, f"{page} has no table under {heading!r}"
    return [
        row
        for row, following in zip(rows, [*rows[1:], ["end"]], strict=True)
        if not is_ruler(row) and not is_ruler(following)
    ]


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def settings_of(plugin: type[TapSeekerLeads | TargetSeekerLeads]) -> set[str]:
    """Return the names of a plugin's settings, the SDK's own included."""
    declared = copy.deepcopy(plugin.config_jsonschema)
    plugin.append_builtin_config(declared)
    return set(declared["properties"])


SETTINGS = {plugin.name: settings_of(plugin) for plugin in (TapSeekerLeads, TargetSeekerLeads)}


def test_index_lists_every_page() -> None:
    """Whoever opens the folder finds each page in the index, and the index is linked to by nothing that is gone."""
    listed = set(re.findall(r"\]\((\w+\.md)\)", text_of("docs/README.md")))
    assert listed == {Path(page).name for page in PAGES if page.startswith("docs/")} - {"README.md"}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """A link leads to a file that is there, and to a heading that is on it; to other sites only if they are known."""
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
def test_pages_name_no_machine(page: str) -> None:
    """No page tells of the machine that it was written on."""
    assert not re.search(r"/work/|/root/|/home/\w|/tmp/\w", text_of(page))


@pytest.mark.parametrize("block", every_block("yaml", "json", "json lines", "python"), ids=lambda block: block.place)
def test_blocks_can_be_parsed(block: Block) -> None:
    """YAML, JSON and Python of a page are such."""
    if block.language == "yaml":
        assert list(yaml.safe_load_all(block.text))
    elif block.language == "json":
        assert json.loads(block.text)
    elif block.language == "json lines":
        assert [json.loads(line) for line in block.text.splitlines()]
    else:
        compile(block.text, block.place, "exec")


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
    """Each setting that a page gives to one of our plugins is one: in YAML, in a config file, in a variable."""
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


def test_meltano_knows_the_form_of_what_it_is_given() -> None:
    """What a page wants in `meltano.yml` is as Meltano's own schema says."""
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


def schema_rows(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    if path:
        yield path, "date-time" if schema.get("format") else str(schema["type"][0])
    if "items" in schema:
        yield from schema_rows(schema["items"], f"{path}[]")
    for name, inner in schema.get("properties", {}).items():
        yield from schema_rows(inner, f"{path}.{name}".lstrip("."))


def test_tap_page_has_the_whole_schema() -> None:
    """The table of fields is the stream's schema, in its order."""
    rows = rows_of("docs/tap.md", "Records and types")
    assert [(names_in(row[0])[0], row[1]) for row in rows] == list(schema_rows(leads_schema()))


def test_target_page_has_the_ledger() -> None:
    """The table of columns is the ledger's, and its states are those of the rules."""
    rows = {names_in(row[0])[0]: row for row in rows_of("docs/target.md", "Ledger")}
    assert list(rows) == [column.name for column in LEDGER.columns]
    assert names_in(rows["status"][2]) == [status.value for status in Status]
    assert all(f"`{table.name}`" in text_of("docs/target.md") for table in (LEDGER, VERSION))


def test_target_page_has_the_fields() -> None:
    """Values and rules are told of each field that the API takes, and which of them it needs."""
    request = contract.schema("CreateLeadRequest")
    rules = {names_in(row[0])[0]: row[1] == "yes" for row in rows_of("docs/target.md", "Rules")}
    assert rules == {name: name in request["required"] for name in request["properties"]}
    values = [name for row in rows_of("docs/target.md", "Values") for name in names_in(row[0])]
    assert set(values) == {*CONVERTERS, "phoneNumbers"} == set(FIELD_NAMES)
    places = {normalise(name) for row in rows_of("docs/target.md", "Places") for name in names_in(row[0])}
    assert places == set(CONTAINERS)


def test_target_page_has_the_counts() -> None:
    """The words of the last line of a run are those of the page."""
    rows = [row[0] for row in rows_of("docs/target.md", "Log and metrics")]
    assert [row for row in rows if row not in {"INFO", "WARNING", "CRITICAL"}] == [
        result.value for result in sorted(Result, key=lambda result: rows.index(result.value))
    ]


def shown(default: object) -> list[str]:
    return [] if default is None or default is False else [str(default)]


def test_sandbox_page_has_every_option() -> None:
    """The tables of options are the command's, with its defaults and choices."""
    (commands,) = (action.choices for action in _parser()._actions if action.dest == "command")
    assert isinstance(commands, dict)
    options = {action.option_strings[-1]: action for action in commands["serve"]._actions if action.dest != "help"}
    rows = {names_in(row[0])[0]: row for row in rows_of("docs/sandbox.md", "Options")}
    assert set(rows) == set(options)
    for flag, row in rows.items():
        action = options[flag]
        if action.choices:
            assert set(names_in(row[1])) == set(action.choices), flag
            assert names_in(row[1])[0] == action.default, flag
        else:
            assert names_in(row[1]) == shown(action.default), flag
            assert row[2].startswith(str(action.help).split(":", maxsplit=1)[0]), flag


def test_sandbox_page_has_every_fault() -> None:
    """The tables of faults are the kinds and the fields that there are."""
    rows = rows_of("docs/sandbox.md", "Faults")
    kinds = [kind.value for kind in FaultKind]
    assert sorted(names_in(row[0])[0] for row in rows) == sorted([*kinds, *Fault.__dataclass_fields__])


def test_sandbox_page_has_every_endpoint() -> None:
    """The tables of endpoints are the routes that the sandbox answers."""
    source = (PROJECT / "seeker_leads_sandbox" / "app.py").read_text(encoding="utf-8")
    admin = set(re.findall(r'web\.(\w+)\(ADMIN_BASE \+ "([^"]+)"', source))
    rows = [names_in(row[0])[0].split() for row in rows_of("docs/sandbox.md", "The sandbox's own endpoints")]
    assert {(method.lower(), path.removeprefix("/_sandbox")) for method, path in rows} == admin
    served = len(re.findall(r"web\.\w+\((?:API_BASE|lead|subscription|TOKEN_PATH)\b", source))
    cells = [row[0] for row in rows_of("docs/sandbox.md", "Endpoints")]
    assert sum(len(re.findall(r"\b(?:GET|POST|PUT|DELETE)\b", cell)) for cell in cells) == served


def test_sandbox_page_names_what_is_public() -> None:
    """What tests may import is what the page says, and a sandbox has what the page says that it has."""
    public = text_of("docs/sandbox.md").partition("All of this is public:")[2]
    assert sorted(names_in(public)) == sorted(seeker_leads_sandbox.__all__)
    (rows,) = [[row for row in rows_of("docs/sandbox.md", "In your own tests") if row[0]]]
    for name in (name.partition("(")[0] for row in rows for name in names_in(row[0])):
        assert hasattr(Sandbox, name), name
    assert {name for row in rows for name in names_in(row[0]) if name == "options"}
    assert SandboxOptions().token == "sandbox-token"


def commands_in(block: Block) -> list[list[str]]:
    """Return the words of each command of a shell block, without variables set for it and without its comment."""
    joined = block.text.replace("\\\n", " ")
    parts = re.split(r"\n|&&|\||;|&(?= |$)", joined)
    words = [re.sub(r"^(?:\s*!?\s*\w+=\S*)*\s*|\s#.*$", "", part).split() for part in parts]
    return [command for command in words if command]


def test_programs_are_called_with_options_that_they_have() -> None:
    """Each option that a page gives to one of the three programs is one of its options."""
    options = {
        plugin.name: {name for option in plugin.get_singer_command().params for name in option.opts}
        for plugin in (TapSeekerLeads, TargetSeekerLeads)
    }
    (commands,) = (action.choices for action in _parser()._actions if action.dest == "command")
    assert isinstance(commands, dict)
    serve = {name for action in commands["serve"]._actions for name in action.option_strings}
    options["seeker-leads-sandbox"] = {*serve, "--version"}
    seen = 0
    for block in every_block("sh"):
        for program, *words in commands_in(block):
            for word in words if program in options else []:
                if word.startswith("--"):
                    seen += 1
                    assert word.partition("=")[0] in {*options[program], "--help"}, f"{block.place}: {program} {word}"
    assert seen > 20


def test_pipelines_are_of_plugins_that_are_there() -> None:
    """What a page runs with Meltano is defined in this repository's `meltano.yml`, or by a name that says "yours"."""
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
    known = {plugin["name"] for plugins in project["plugins"].values() for plugin in plugins} | {"tap-yours"}
    seen = set()
    for block in every_block("sh"):
        for program, *words in commands_in(block):
            if program == "meltano" and {"run", "invoke"} & set(words):
                seen |= {word for word in words if re.fullmatch(r"(?:tap|target)-[\w-]+", word)}
    assert {"tap-seeker-leads", "target-seeker-leads"} <= seen <= known
