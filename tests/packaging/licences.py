"""Lists the licences of what an installation of this package brings along: `python -m tests.packaging.licences`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DISTRIBUTION = "singer-seeker-leads"
#: Licences that are named in words, in a classifier or in the old field `License`, as SPDX expressions.
_SPDX = {
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


@dataclass(frozen=True, order=True)
class Licensed:
    """An installed distribution, and its licence as an SPDX expression, or in its own words."""

    name: str
    licence: str


def direct() -> set[str]:
    """Return the names of the distributions that this one requires, its extras included."""
    return {canonicalize_name(Requirement(text).name) for text in requires(DISTRIBUTION) or ()}


def all_installed() -> list[Licensed]:
    """Return what this distribution requires with its extras, directly or not, as far as it is installed here."""
    waiting = [Requirement(text) for text in requires(DISTRIBUTION) or ()]
    found: set[str] = set()
    licensed: dict[str, Licensed] = {}
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        asked = {f"{name}[{extra}]" for extra in ("", *requirement.extras)}
        if asked <= found:
            continue
        found |= asked
        try:
            licensed[name] = Licensed(name, licence_of(metadata(name)))
        except PackageNotFoundError:  # for another Python or system, or an extra that is not installed
            continue
        waiting += [each for text in requires(name) or () if _applies(each := Requirement(text), requirement.extras)]
    return sorted(licensed.values())


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def licence_of(package: PackageMetadata) -> str:
    """Return the licence that a distribution's metadata declares; an empty text if it declares none."""
    if "License-Expression" in package:
        return package["License-Expression"]
    classifiers = [text.rpartition(" :: ")[2] for text in package.get_all("Classifier") or () if "License ::" in text]
    words = [*classifiers, package["License"].strip() if "License" in package else ""]
    named = [_SPDX.get(text, text) for text in words if text not in {"", "OSI Approved"}]
    return named[0] if named else ""


if __name__ == "__main__":
    for each in all_installed():
        print(f"{each.name:30} {each.licence}")
