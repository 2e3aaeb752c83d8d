"""Reads letters from a file that `export` wrote and a person edited."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files.input_file import open_input_file
from seeker_leads_cli.files.kinds import table_of
from seeker_leads_cli.rejects.cells import ABSENT, unescaped, value_of
from seeker_leads_cli.rejects.columns import ID, REASONS, headings_of
from seeker_leads_cli.rejects.letters import ID_FORM
from seeker_leads_cli.rejects.spreadsheets import is_as_saved

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seeker_leads_cli.rejects.letters import Letter


@dataclass(frozen=True, slots=True)
class Edits:
    """The letters of an edited file."""

    letters: tuple[Letter, ...]  #: with the records of the file
    gone: tuple[str, ...]  #: ids of letters that no longer exist


def edits_in(argument: str, letters: Mapping[str, Letter]) -> Edits:
    """Read an exported file.

    Raises:
        InputFileError: the file is not an export, lacks a column, or has an added row or an id twice.
    """
    with open_input_file(argument) as source:
        table = table_of(source)
        if table is None:
            msg = f"{source.name} contains Singer messages: give a CSV of `rejects export`, or use `send` for messages"
            raise InputFileError(msg)
        rows = [{_heading(column): cell for column, cell in row.items()} for row in table.rows()]
        columns = [_heading(column) for column in table.columns]
        name = source.name
    if ID not in columns:
        msg = f"{name} has no column `{ID}`: give a file of `rejects export` with all its columns"
        raise InputFileError(msg)
    ids = [_id_of(row, number, name) for number, row in enumerate(rows, start=1)]
    doubled = [id_ for id_, times in Counter(ids).items() if times > 1]
    if doubled:
        msg = f"{name} has the id {doubled[0]} in {ids.count(doubled[0])} rows: keep only one of them"
        raise InputFileError(msg)
    known = [letters[id_] for id_ in ids if id_ in letters]
    names = _names_of(columns, headings_of(known), name)
    by_id = dict(zip(ids, rows, strict=True))
    return Edits(
        tuple(_edited(letter, by_id[letter.id], names) for letter in known),
        tuple(id_ for id_ in ids if id_ not in letters),
    )


def _heading(column: str) -> str:
    return " ".join(column.split())


def _id_of(row: Mapping[str, Any], number: int, name: str) -> str:
    id_ = str(row[ID]).strip()
    if not ID_FORM.fullmatch(id_):
        msg = (
            f"Row {number} of {name} has no letter id in `{ID}`: rows cannot be added; remove it, and send new leads"
            " with `seeker-leads send`"
        )
        raise InputFileError(msg)
    return id_


def _names_of(columns: Iterable[str], headings: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the names of the records' columns by the columns of the file; an added column has a new name."""
    names: dict[str, str] = {}
    for column in columns:
        if column in headings:
            names[column] = headings[column]
        elif column not in (ID, REASONS):
            saved = [heading for heading in headings if is_as_saved(heading, column)]
            names[column] = headings[saved[0]] if saved else unescaped(column)
    missing = [heading for heading in headings if headings[heading] not in names.values()]
    if missing:
        msg = f"{name} has no column {missing[0]!r}, which the letters have: restore it and its values, or export again"
        raise InputFileError(msg)
    return names


def _edited(letter: Letter, row: Mapping[str, Any], names: Mapping[str, str]) -> Letter:
    record = dict(letter.record)
    for column, name in names.items():
        before = record.get(name, ABSENT)
        value = value_of(row[column], before)
        if value is not before:
            record[name] = value
    return dataclasses.replace(letter, record=record)
