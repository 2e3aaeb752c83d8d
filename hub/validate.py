"""Checks the definitions against the Hub's JSON schemas: `python -m hub.validate FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jsonschema
import referencing
import yaml
from referencing.jsonschema import DRAFT7

from hub.generate import HERE

if TYPE_CHECKING:
    from collections.abc import Iterator


def violations(definition: dict[str, Any], schema: Path) -> Iterator[str]:
    """Yield the violations of the schema in a definition, one line each."""
    validator = jsonschema.Draft7Validator(
        {"$ref": schema.resolve().as_uri()},
        registry=referencing.Registry(retrieve=_retrieve),  # type: ignore[call-arg]  # attrs names it so
    )
    for error in validator.iter_errors(definition):
        yield f"{error.json_path}: {error.message}"


def _retrieve(uri: str) -> referencing.Resource[Any]:
    schema = json.loads(Path(urlsplit(uri).path).read_text(encoding="utf-8"))
    # Its `$id` is relative to a different folder than its references, so the file's own path is used.
    del schema["$id"]
    return DRAFT7.create_resource(schema)


def main(schemas: Path) -> int:
    """Check every definition; return the exit status."""
    found = []
    for path in sorted(HERE.glob("_data/meltano/*/*/*.yml")):
        definition = yaml.safe_load(path.read_text(encoding="utf-8"))
        schema = schemas / "plugin_definitions" / f"{path.parents[1].name}.schema.json"
        if not schema.exists():
            sys.stdout.write(f"Skipped, because there is no schema: {path.relative_to(HERE)}\n")
            continue
        found += [f"{path.relative_to(HERE)}: {violation}" for violation in violations(definition, schema)]
    sys.stdout.write("\n".join(found or ["The definitions match the Hub's schemas."]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
