"""The reference pages match the code."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import click

import seeker_leads_sandbox
from seeker_leads_api import contract
from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from seeker_leads_sandbox.cli import serve
from tap_seeker_leads.leads.schema import leads_schema
from target_seeker_leads.delivery.report import Result
from target_seeker_leads.ledger.rules import Status
from target_seeker_leads.ledger.tables import LEDGER, VERSION
from target_seeker_leads.mapping.conversions import CONVERTERS
from target_seeker_leads.mapping.field_names import CONTAINERS, FIELD_NAMES, normalise
from tests.pages import (
    PROJECT,
    names_in,
    rows_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    """The page lists the values and rules of each field that the API accepts, and marks the required ones."""
    request = contract.schema("CreateLeadRequest")
    rules = {names_in(row[0])[0]: row[1] == "yes" for row in rows_of("docs/target.md", "Rules")}
    assert rules == {name: name in request["required"] for name in request["properties"]}
    values = [name for row in rows_of("docs/target.md", "Values") for name in names_in(row[0])]
    assert set(values) == {*CONVERTERS, "phoneNumbers", "submittedDate"} == set(FIELD_NAMES)
    places = {normalise(name) for row in rows_of("docs/target.md", "Places") for name in names_in(row[0])}
    assert places == set(CONTAINERS)


def test_target_page_has_the_counts() -> None:
    """The page lists the words of the line of counts at the end of a run."""
    rows = [row[0] for row in rows_of("docs/target.md", "Log and metrics")]
    assert [row for row in rows if row not in {"INFO", "WARNING", "CRITICAL"}] == [
        result.value for result in sorted(Result, key=lambda result: rows.index(result.value))
    ]


def option_rows() -> dict[str, list[str]]:
    """Return the cells of the tables of options, by each name of the first cell."""
    return {name: row for row in rows_of("docs/sandbox.md", "Options") for name in names_in(row[0])}


def test_sandbox_page_has_options_that_exist() -> None:
    """The tables of options name options of the command; those with choices are complete, the default first."""
    options = {option.opts[-1]: option for option in serve.params if isinstance(option, click.Option)}
    rows = option_rows()
    assert set(rows) <= set(options)
    choices = {flag: option.type.choices for flag, option in options.items() if isinstance(option.type, click.Choice)}
    for flag, values in choices.items():
        assert set(names_in(rows[flag][1])) == set(values), flag
        assert names_in(rows[flag][1])[0] == options[flag].default, flag


def test_sandbox_page_names_fields_that_exist() -> None:
    """The fields that the page names exist, and `leads` is 0 in them, as it says."""
    section = text_of("docs/sandbox.md").partition("## Options\n")[2].partition("\n## ")[0]
    named = [
        name
        for name in names_in(section.partition("In tests, `SandboxOptions`")[2])
        if re.fullmatch(r"[a-z]+(?:_[a-z]+)+", name)
    ]
    assert len(named) >= 3
    assert set(named) <= {field.name for field in dataclasses.fields(SandboxOptions)}
    assert SandboxOptions().leads == 0


def test_sandbox_page_has_every_fault() -> None:
    """The tables of faults list all kinds and fields."""
    rows = rows_of("docs/sandbox.md", "Faults")
    kinds = [kind.value for kind in FaultKind]
    assert sorted(names_in(row[0])[0] for row in rows) == sorted([*kinds, *Fault.__dataclass_fields__])


def test_sandbox_page_has_every_endpoint_of_its_own() -> None:
    """The table of the sandbox's own endpoints lists their routes."""
    source = (PROJECT / "seeker_leads_sandbox" / "api" / "app.py").read_text(encoding="utf-8")
    admin = set(re.findall(r'web\.(\w+)\(ADMIN_BASE \+ "([^"]+)"', source))
    rows = [names_in(row[0])[0].split() for row in rows_of("docs/sandbox.md", "The sandbox's own endpoints")]
    # The id at the end of a path is appended in a separate step.
    assert {(method.lower(), re.sub(r"/\{.*|^/_sandbox", "", path)) for method, path in rows} == admin


def test_sandbox_page_names_what_is_public() -> None:
    """The page lists the public names and the members of a sandbox."""
    public = text_of("docs/sandbox.md").partition("All of this is public:")[2]
    assert sorted(names_in(public)) == sorted(seeker_leads_sandbox.__all__)
    (rows,) = [[row for row in rows_of("docs/sandbox.md", "In your own tests") if row[0]]]
    for name in (name.partition("(")[0] for row in rows for name in names_in(row[0])):
        assert hasattr(Sandbox, name), name
    assert {name for row in rows for name in names_in(row[0]) if name == "options"}
    assert SandboxOptions().token == "sandbox-token"
