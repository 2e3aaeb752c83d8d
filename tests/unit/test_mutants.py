"""The files of `mutants/modules` match the code; `make mutants` tests the mutants themselves."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from mutants.survivors import PROJECT, Module, modules, place_of

MODULES = modules()


def code_of(module: Module) -> dict[tuple[str, str], int]:
    """Return each line and run of lines, with the function that it is in, and how often it is there."""
    lines, tree = module.source().splitlines(), ast.parse(module.source())
    found: dict[tuple[str, str], int] = {}
    for start in range(len(lines)):
        place = place_of(tree, start + 1)
        for end in range(start + 1, min(start + 12, len(lines) + 1)):
            key = (place, dedent("\n".join(lines[start:end])))
            found[key] = found.get(key, 0) + 1
    return found


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
    code = code_of(module)
    stale = [
        change
        for change, reason in module.no_difference.items()
        if code.get((change.place, change.was), 0) < change.number or not reason.strip()
    ]
    assert stale == []
