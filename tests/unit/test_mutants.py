"""The files of `mutants/modules` match the code; `make mutants` tests the mutants themselves."""

from __future__ import annotations

import ast
from dataclasses import replace
from textwrap import dedent

import pytest

from mutants.survivors import PROJECT, Change, Module, modules, place_of

MODULES = modules()


def times_in(module: Module, change: Change) -> int:
    """Return how often the code of a change is in its function."""
    lines, height = module.source().splitlines(), len(change.was.splitlines())
    starts = [start for start in range(len(lines)) if dedent("\n".join(lines[start : start + height])) == change.was]
    tree = ast.parse(module.source())
    return len([start for start in starts if place_of(tree, start + 1) == change.place])


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_modules_and_tests_of_mutants_exist(module: Module) -> None:
    """Each file of `mutants/modules` names a module and files of tests, or single tests, that exist."""
    assert (PROJECT / module.path).is_file()
    assert module.tests
    for named in module.tests:
        file, _, test = named.partition("::")
        assert f"def {test}" in (PROJECT / file).read_text("utf-8"), named


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_listed_mutants_are_of_todays_code(module: Module) -> None:
    """A mutant is no different only as long as its line is unchanged, and for a reason."""
    stale = [
        change
        for change, reason in module.no_difference.items()
        if times_in(module, change) < change.number or not reason.strip()
    ]
    assert stale == []


def test_change_of_the_code_makes_an_entry_stale() -> None:
    """A listed mutant is not found in code that has changed, nor in another function."""
    module, (change, *_) = next(
        (module, [*module.no_difference]) for module in MODULES.values() if module.no_difference
    )
    assert times_in(module, change) >= 1
    assert times_in(module, replace(change, was=change.was + " ")) == 0
    assert times_in(module, replace(change, place="elsewhere")) == 0
