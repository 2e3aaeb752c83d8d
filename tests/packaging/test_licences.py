"""What an installation brings along may be used, and the page of dependencies says what it is."""

from __future__ import annotations

import re
from email.message import Message
from typing import TYPE_CHECKING, cast

import pytest

from tests.packaging.licences import all_installed, direct, licence_of
from tests.pages import text_of

if TYPE_CHECKING:
    from importlib.metadata import PackageMetadata

#: What is accepted: a program under any licence may use these packages. A new family is a decision, not an accident.
ACCEPTED = {
    "AFL-2.1",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "LGPL-3.0-only",
    "MIT",
    "MPL-2.0",
    "PSF-2.0",
}


def rows() -> dict[str, str]:
    """Return the page's table: distribution, licence."""
    return dict(
        re.findall(r"^\| `([\w-]+)` \|[^|]*\|[^|]*\| ([^|]+) \|$", text_of("docs/dependencies.md"), re.MULTILINE)
    )


def test_page_lists_each_direct_dependency() -> None:
    """The page has one row for each distribution that the package requires, with its extras, and no other row."""
    assert rows().keys() == direct()


def test_page_names_the_licences() -> None:
    """The licence of each row is the one that the installed distribution declares."""
    installed = {each.name: each.licence for each in all_installed()}
    listed = rows()
    assert {name: licence for name, licence in listed.items() if name in installed} == {
        name: licence for name, licence in installed.items() if name in listed
    }


def test_licences_are_accepted() -> None:
    """Each distribution that an installation brings along has a licence of the accepted families."""
    parts = {each.name: set(re.split(r" (?:AND|OR|WITH) ", each.licence)) for each in all_installed()}
    assert {name: licence for name, licence in parts.items() if not licence <= ACCEPTED} == {}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([("License-Expression", "MIT OR AFL-2.1"), ("License", "MIT")], "MIT OR AFL-2.1"),
        ([("Classifier", "License :: OSI Approved :: MIT License")], "MIT"),
        ([("Classifier", "License :: OSI Approved"), ("License", "Apache-2.0")], "Apache-2.0"),
        ([("Classifier", "Programming Language :: Python")], ""),
    ],
    ids=["expression", "classifier", "field", "none"],
)
def test_licence_is_read_from_the_metadata(fields: list[tuple[str, str]], expected: str) -> None:
    """The licence is the expression, else the classifier's, else the old field's; a package can declare none."""
    package = Message()
    for name, value in fields:
        package[name] = value
    assert licence_of(cast("PackageMetadata", package)) == expected
