"""Prints the oldest dependencies that a wheel allows, as constraints for pip: `python lowest.py WHEEL`."""

from __future__ import annotations

import re
import sys
import zipfile

LOWER_BOUND = re.compile(r"^Requires-Dist: ([\w.-]+)(?:\[.*?\])?[^;]*?>=([\w.]+)", re.MULTILINE)


def constraints(metadata: str) -> list[str]:
    """Return `name==version` for each lower bound."""
    return sorted({f"{name}=={version}" for name, version in LOWER_BOUND.findall(metadata)})


if __name__ == "__main__":
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        print("\n".join(constraints(wheel.read(name).decode())))
