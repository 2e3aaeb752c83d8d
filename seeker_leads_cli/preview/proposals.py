"""Proposes settings for what the target does not understand in a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from seeker_leads_api import contract
from target_seeker_leads.mapping.date_times import DateReader
from target_seeker_leads.mapping.field_names import SUBMITTED_DATE, normalise
from target_seeker_leads.mapping.lead import read_lead

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from seeker_leads_cli.preview.columns import Column
    from seeker_leads_cli.preview.survey import Survey

#: The zone proposed for times without an offset: most of the portals' agencies are in it.
_ZONE = "Europe/Paris"
#: Common date formats; of formats that read the same number of samples, the first is proposed.
_DATE_FORMATS = tuple(
    f"{day}{time}"
    for day in ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%m/%d/%Y", "%m/%d/%y")
    for time in (" %H:%M", " %H:%M:%S", "", " à %H:%M", " %Hh%M", " à %Hh%M", " %I:%M %p")
)
#: Fields whose values can be recognised.
_RECOGNISABLE = frozenset({"email", "phoneNumbers", "classifiedId", SUBMITTED_DATE})
#: Minimum share of a column's samples that must fit a field.
_MIN_SHARE = 0.6
#: Normalised names of columns that contain a full name.
_WHOLE_NAMES = frozenset(
    {
        *("name", "fullname", "contact", "contactname", "client", "prospect", "interlocuteur", "nomcomplet"),
        *("nometprenom", "nomprenom", "nomprenoms", "nometprenoms", "identite"),
    }
)
_FIRST_NAME_FIRST = frozenset({"name", "fullname", "contactname"})
_NO_MESSAGE = "(sans message)"
_NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)  # fixed, since a sample's age does not matter


@dataclass(frozen=True, slots=True)
class Proposals:
    """Settings to paste into the user's own."""

    #: Settings by name; empty if nothing is missing.
    config: dict[str, Any]
    #: What else the user has to do, one sentence each.
    notes: tuple[str, ...]


def proposals(survey: Survey) -> Proposals:
    """Return settings that let the target understand more of a file."""
    columns = list(survey.columns.all.values())
    settings = survey.settings
    config: dict[str, Any] = {}
    notes: list[str] = []
    values = [value for column in columns if SUBMITTED_DATE in column.fields for value in column.bad_samples]
    formats = _formats_for(values)
    configured = settings.dates.formats
    dates = DateReader((*configured, *formats), settings.dates.zone)
    missing = _missing(columns, settings.defaults) if survey.rows else []
    maps, unknown, defaults = _maps_for(missing, columns, dates)
    if SUBMITTED_DATE in maps:
        samples = next(column for column in columns if _expression(column) == maps[SUBMITTED_DATE]).samples
        formats = _formats_for(samples)
        dates = DateReader((*configured, *formats), settings.dates.zone)
    if formats:
        config["date_format"] = [*configured, *formats]
    if settings.dates.zone is None and any(_is_local(value, dates) for value in _dates_of(columns, maps)):
        config["timezone"] = _ZONE
        notes.append(f"`timezone`: check that these times are in the zone {_ZONE}")
    if defaults:
        config["defaults"] = {**settings.defaults, **defaults}
    if maps and len(survey.streams) == 1:
        config["stream_maps"] = {next(iter(survey.streams)): maps}
    notes += [f"`{field}`: enter the name of the column that contains it" for field in unknown]
    if not all(survey.streams.values()):
        notes.append("No key: a corrected row becomes a new lead. Use --key to name the column that identifies a row")
    return Proposals(config, tuple(notes))


def _missing(columns: Iterable[Column], defaults: Iterable[str]) -> list[str]:
    found = {field for column in columns for field in column.fields} | set(defaults)
    return [field for field in contract.schema("CreateLeadRequest")["required"] if field not in found]


def _maps_for(
    missing: Sequence[str], columns: Sequence[Column], dates: DateReader
) -> tuple[dict[str, str], list[str], dict[str, str]]:
    """Return expressions, the fields whose column is unknown, and defaults for leads that lack a field."""
    free = [column for column in columns if not column.is_used and column.samples]
    maps: dict[str, str] = {}
    unknown: list[str] = []
    defaults: dict[str, str] = {}
    for field in missing:
        column = next((column for column in free if field in _RECOGNISABLE and _fits(column, field, dates)), None)
        whole = next((column for column in free if normalise(column.name) in _WHOLE_NAMES), None)
        if column:
            maps[field] = _expression(column)
        elif field == "lastName" and whole:
            maps |= _name_parts(whole)
        elif field == "message":
            defaults[field] = _NO_MESSAGE
        elif field == SUBMITTED_DATE:
            defaults[field] = "now"
        else:
            maps[field] = "record['…']"
            unknown.append(field)
    return maps, unknown, defaults


def _name_parts(column: Column) -> dict[str, str]:
    value = _expression(column)
    if normalise(column.name) in _FIRST_NAME_FIRST or normalise(column.name) not in _WHOLE_NAMES:
        return {
            "lastName": f"{value}.split(' ')[-1] if {value} else None",
            "firstName": f"{value}.rpartition(' ')[0] if {value} else None",
        }
    # The order of first and last name differs from file to file; the full name is right in either case.
    return {"lastName": value}


def _fits(column: Column, field: str, dates: DateReader) -> bool:
    if field == SUBMITTED_DATE:
        dates = DateReader((*dates.formats, *_formats_for(column.samples)), dates.zone)
    good = 0
    for sample in column.samples:
        lead = read_lead({field: sample}, {}, dates, _NOW)
        good += not any(violation.field.startswith(field) for violation in lead.violations)
    return good >= _MIN_SHARE * len(column.samples)


def _formats_for(values: Iterable[Any]) -> list[str]:
    """Return the fewest formats that read the texts which need one, the most useful first."""
    left = [value.strip() for value in values if isinstance(value, str) and not _is_read(value, DateReader())]
    formats: list[str] = []
    while left:
        read = {
            date_format: [text for text in left if _is_read(text, DateReader((date_format,)))]
            for date_format in _DATE_FORMATS
        }
        best = max(_DATE_FORMATS, key=lambda date_format: len(read[date_format]))
        if not read[best]:
            break
        formats.append(best)
        left = [text for text in left if text not in read[best]]
    return formats


def _is_read(value: Any, dates: DateReader) -> bool:  # noqa: ANN401  # any sample
    lead = read_lead({SUBMITTED_DATE: value}, {}, dates, _NOW)
    return not any(violation.field == SUBMITTED_DATE for violation in lead.violations)


def _is_local(value: Any, dates: DateReader) -> bool:  # noqa: ANN401  # any sample
    read = dates.read(value)
    return bool(DateReader(dates.formats, ZoneInfo(_ZONE)).read(value).value != read.value)


def _dates_of(columns: Iterable[Column], maps: dict[str, str]) -> list[Any]:
    return [
        value
        for column in columns
        if SUBMITTED_DATE in column.fields or _expression(column) == maps.get(SUBMITTED_DATE)
        for value in column.samples
    ]


def _expression(column: Column) -> str:
    return f"record[{column.name!r}]"
