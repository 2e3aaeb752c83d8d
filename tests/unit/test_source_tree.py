"""The source tree: imports between modules, and names of files and modules in texts."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from tests.pages import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PYPROJECT = (PROJECT / "pyproject.toml").read_text("utf-8")


def list_after(words: str, key: str) -> list[str]:
    """Return the list of that key after the words in pyproject.toml; Python 3.10 has no TOML parser."""
    found = re.search(rf"^{key} = (\[[^\]]*\])", PYPROJECT.partition(words)[2], flags=re.MULTILINE)
    assert found, (words, key)
    values: list[str] = ast.literal_eval(found[1])
    return values


PACKAGES = list_after("[tool.hatch.build.targets.wheel]", "packages")
FOLDERS = [*PACKAGES, "benchmarks", "demo", "docs", "examples", "hub", "mutants", "soak", "tests", "website"]
#: Matches names of files and modules.
WRITTEN = [
    *(path for folder in FOLDERS for ending in ("py", "md") for path in (PROJECT / folder).rglob(f"*.{ending}")),
    *PROJECT.glob("*.md"),
    *(PROJECT / ".ci").iterdir(),
    PROJECT / "Makefile",
    PROJECT / "pyproject.toml",
]
_PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w/-]+\.\w+")
_FILE = re.compile(r"(?<![\w/.-])\w+\.py\b")
#: Users' files, in examples.
_EXAMPLES = {"test_pipeline.py", "test_user.py"}
_DOTTED = re.compile(rf"[\"'`](?:{'|'.join(PACKAGES)})(?:\.\w+)+")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for package in PACKAGES for path in (PROJECT / package).rglob("*.py")}


def imports_of(source: str, modules: set[str]) -> Iterator[str]:
    """Yield each of the modules that the source imports anywhere, including imports only for types."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module in modules:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from names & modules
            if names - modules:
                yield node.module


def import_cycle(sources: dict[str, str]) -> list[str]:
    """Return modules that form an import cycle, or an empty list."""
    try:
        TopologicalSorter({name: [*imports_of(text, {*sources})] for name, text in sources.items()}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def test_there_are_no_import_cycles() -> None:
    """Modules have no import cycles: not through an `__init__`, within a function, or only for types."""
    assert import_cycle({name: path.read_text("utf-8") for name, path in MODULES.items()}) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("from p.b import x", "from p import a"),
        ("import p.b", "import p.a"),
        ("if TYPE_CHECKING:\n    from p.b import X", "def f():\n    from p.a import y"),
        ("from p import y", ""),
    ],
)
def test_every_import_cycle_is_found(first: str, second: str) -> None:
    """The check for cycles finds every kind of cycle."""
    assert set(import_cycle({"p": "from p.a import y", "p.a": first, "p.b": second})) >= {"p.a"}


def test_sandbox_may_import_nothing_but_the_contract() -> None:
    """The sandbox's import contract covers all modules of the API's client and all packages, including new ones."""
    forbidden = list_after('source_modules = ["seeker_leads_sandbox"]', "forbidden_modules")
    client = {name for name in MODULES if re.fullmatch(r"seeker_leads_api\.\w+", name)}
    others = {*PACKAGES} - {"seeker_leads_api", "seeker_leads_sandbox"}
    assert sorted(forbidden) == sorted({*client, *others, "singer_sdk"} - {"seeker_leads_api.contract"})


def test_every_package_is_checked() -> None:
    """Import contracts and mypy cover each package of the wheel."""
    assert list_after("[tool.importlinter]", "root_packages") == PACKAGES
    assert list_after("[tool.mypy]", "files")[: len(PACKAGES)] == PACKAGES


def named_but_missing(text: str) -> Iterator[str]:
    """Yield the files and modules that a text names and that do not exist."""
    yield from (path for path in _PATH.findall(text) if not (PROJECT / path).exists())
    known = {path.name for path in WRITTEN} | _EXAMPLES
    yield from (name for name in _FILE.findall(text) if name not in known)
    for dotted in _DOTTED.findall(text):
        name = dotted[1:]
        module, rest = name, ""
        while module not in MODULES:
            module, _, rest = module.rpartition(".")
        if rest and not re.search(rf"\b{rest}\b", MODULES[module].read_text("utf-8")):
            yield name


def test_names_in_texts_exist() -> None:
    """Pages, tests, scripts and docstrings name only existing files and modules."""
    missing = {str(path): [*named_but_missing(path.read_text("utf-8"))] for path in WRITTEN}
    assert {path: names for path, names in missing.items() if names} == {}


@pytest.mark.parametrize(
    "name", ["tap_seeker_leads/{}.py", "{}.py", "tap_seeker_leads.reading.{}.X", "tap_seeker_leads.settings.{}"]
)
def test_every_missing_name_is_found(name: str) -> None:
    """The check for names finds every kind of missing name."""
    assert len([*named_but_missing(f"`{name}`".format("no_such_name"))]) == 1


def test_unit_tests_mirror_the_packages() -> None:
    """A folder of unit tests has the name of the folder whose modules it tests."""
    unit = PROJECT / "tests" / "unit"
    folders = {path.parent.relative_to(unit).parts for path in unit.glob("*/**/test_*.py")}
    packages = {name.replace("seeker_leads", "").strip("_"): name for name in PACKAGES}
    assert {parts for parts in folders if not (PROJECT / packages[parts[0]]).joinpath(*parts[1:]).is_dir()} == set()


def test_tests_that_run_alone_are_found() -> None:
    """The second run of `make test` collects only the folder of the tests that run alone."""
    folders = {
        path.relative_to(PROJECT).parts[:2]
        for path in (PROJECT / "tests").rglob("*.py")
        if re.search(r"^@?.*\bmark\.alone$", path.read_text("utf-8"), re.MULTILINE)
    }
    assert folders == {("tests", "acceptance")}
    assert "-m alone tests/acceptance\n" in (PROJECT / "Makefile").read_text("utf-8")
