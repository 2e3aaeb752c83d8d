"""The files of `mutants/modules`: by which tests a module is tested, and which of its mutants are no different.

A mutant that is no different is listed with the function that it is in, the code before and after the change, and the
reason. So an entry goes stale as soon as its code changes, and must be judged again.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "mutants" / "modules"


@dataclass(frozen=True, order=True)
class Change:
    """What a mutant changes."""

    place: str  #: such as `Window.min_date`, or `module` outside of functions and classes
    was: str
    becomes: str
    number: int = 1  #: which of them, if a function has the same change at several lines

    def as_entry(self) -> dict[str, Any]:
        """Return it as an entry of the list, with a reason to be written."""
        number = {"number": self.number} if self.number > 1 else {}
        return {"in": self.place, "was": self.was, "becomes": self.becomes, **number, "reason": ""}


@dataclass(frozen=True)
class Module:
    """A module of the product, and what is known about its mutants."""

    name: str
    path: str
    tests: tuple[str, ...]  #: the quickest first, since a mutant is killed by the first test that fails
    no_difference: dict[Change, str]  #: with the reasons

    @property
    def dotted(self) -> str:
        """The name to import it by."""
        return self.path.removesuffix(".py").replace("/", ".")

    def source(self) -> str:
        """Return its text."""
        return (PROJECT / self.path).read_text("utf-8")


def modules() -> dict[str, Module]:
    """Return all modules by their names: those of the files in `mutants/modules`."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.yaml"))}


def _read(path: Path) -> Module:
    given = yaml.safe_load(path.read_text("utf-8"))
    listed = {
        Change(entry["in"], entry["was"], entry["becomes"], entry.get("number", 1)): entry["reason"]
        for entry in given.get("no_difference") or []
    }
    return Module(path.stem, given["module"], tuple(given["tests"]), listed)


def place_of(tree: ast.Module, line: int) -> str:
    """Return the dotted name of the innermost function or class that a line is in."""
    names = [
        node.name
        for node in ast.walk(tree)  # from the outside in
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) <= line
        and line <= (node.end_lineno or line)
    ]
    return ".".join(names) or "module"
