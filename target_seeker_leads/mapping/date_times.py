"""Converts instants to RFC 3339, from ISO 8601, Unix seconds, formats of the settings and local times."""

from __future__ import annotations

import contextlib
import re
import warnings
import zoneinfo
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import SettingsError
from target_seeker_leads.mapping.conversions import to_trimmed
from target_seeker_leads.mapping.field_names import SUBMITTED_DATE
from target_seeker_leads.mapping.validation import MappingWarning, Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Unix seconds from 1973 to 2286; fewer digits are more likely a date (20261123), more are milliseconds.
_EPOCH = re.compile(r"(\d{9,10})(?:\.(\d+))?", re.ASCII)
_FIRST_INSTANT = datetime(1970, 1, 1)  # noqa: DTZ001  # the offset is written separately
# Not `fromisoformat`: what it accepts depends on Python's version, and on whether the SDK has replaced it.
_ISO_8601 = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?:[Tt ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r" ?(?P<offset>Z|UTC|(?P<sign>[+-])(?P<offset_hour>[01]\d|2[0-3])(?::?(?P<offset_minute>[0-5]\d))?)?)?",
    re.ASCII | re.IGNORECASE,
)
#: A date and time whose parts all differ, so that it shows which of them a format reads.
_EXAMPLE = datetime(2026, 11, 5, 14, 30)  # noqa: DTZ001  # it tests formats without offset

_IN_A_GAP = Violation(
    SUBMITTED_DATE,
    "is a local time that was skipped when the clocks went forward",
    "Give the instant with its offset, or the right time",
)
_IN_A_FOLD = MappingWarning(
    SUBMITTED_DATE,
    "is a local time that occurred twice when the clocks went back: the earlier one is sent",
    "Give the instant with its offset if it was the later one",
)


@dataclass(frozen=True, slots=True)
class ReadDate:
    """An instant as RFC 3339, or the unchanged value if it cannot be read, with what to report about it."""

    value: Any
    violation: Violation | None = None  #: why it cannot be sent, if the value alone does not show it
    warning: MappingWarning | None = None


@dataclass(frozen=True, slots=True)
class DateReader:
    """Reads instants according to the settings `date_format` and `timezone`."""

    formats: tuple[str, ...] = ()
    #: For times without an offset; None is UTC.
    zone: zoneinfo.ZoneInfo | None = None

    def read(self, value: Any) -> ReadDate:  # noqa: ANN401  # any value, which may stay as it is
        """Return the instant as RFC 3339, with the given offset if there is one, and `Z` for UTC."""
        if isinstance(value, datetime):
            return self._from_datetime(value)
        if isinstance(value, date):
            return self._from_datetime(datetime(value.year, value.month, value.day))  # noqa: DTZ001  # local midnight
        text = to_trimmed(value)
        if not isinstance(text, str):
            return ReadDate(text)
        for date_format in self.formats:
            with contextlib.suppress(ValueError):  # in another format
                return self._from_datetime(datetime.strptime(text, date_format))  # noqa: DTZ007  # the zone is added next
        if seconds := _EPOCH.fullmatch(text):
            return ReadDate(_rfc3339(_FIRST_INSTANT + timedelta(seconds=int(seconds[1])), seconds[2]))
        return self._from_iso8601(text)

    def _from_datetime(self, moment: datetime) -> ReadDate:
        offset = moment.utcoffset()
        if offset is None:
            return self._local(moment, None)
        if offset % timedelta(minutes=1):
            # RFC 3339 has no seconds in offsets, which local times before standard time need.
            try:
                return ReadDate(_rfc3339(moment.astimezone(timezone.utc).replace(tzinfo=None), None))
            except OverflowError:
                return ReadDate(moment.isoformat())
        return ReadDate(moment.isoformat() if offset else _rfc3339(moment.replace(tzinfo=None), None))

    def _from_iso8601(self, text: str) -> ReadDate:
        matched = _ISO_8601.fullmatch(text)
        if matched is None:
            return ReadDate(text)
        parts = [int(matched[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")]
        try:
            moment = datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  # six numbers; the offset is written separately
        except ValueError:
            return ReadDate(text)
        if matched["offset"] is None:
            return self._local(moment, matched["fraction"])
        offset = f"{matched['offset_hour'] or '00'}:{matched['offset_minute'] or '00'}"
        return ReadDate(
            _rfc3339(moment, matched["fraction"], "Z" if offset == "00:00" else f"{matched['sign']}{offset}")
        )

    def _local(self, moment: datetime, fraction: str | None) -> ReadDate:
        """Return the instant of a time without offset, in the zone."""
        if self.zone is None:
            return ReadDate(_rfc3339(moment, fraction))
        # With `fold=0`, which is the default, a time that occurs twice is the earlier one.
        there = moment.replace(tzinfo=self.zone)
        try:
            instant = there.astimezone(timezone.utc)
            is_skipped = instant.astimezone(self.zone).replace(tzinfo=None) != moment
        except OverflowError:
            return ReadDate(moment.isoformat())  # on the calendar's first or last day: RFC 3339 has no such instant
        if is_skipped:
            return ReadDate(moment.isoformat(), violation=_IN_A_GAP)
        is_in_fold = there.utcoffset() != there.replace(fold=1).utcoffset()
        return ReadDate(_rfc3339(instant.replace(tzinfo=None), fraction), warning=_IN_A_FOLD if is_in_fold else None)


def parse_date_formats(value: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the setting `date_format`, which is one format or a list of them.

    Raises:
        SettingsError: one of them is not a format, or does not contain day, month and year.
    """
    formats = (value,) if isinstance(value, str) else tuple(value or ())
    for number, date_format in enumerate(formats, start=1):
        if not _has_whole_date(date_format):
            msg = (
                f"`date_format`: format {number} must contain day, month and year as codes of Python's strptime,"
                " e.g. %d/%m/%Y %H:%M for 05/11/2026 14:30"
            )
            raise SettingsError(msg)
    return formats


def parse_timezone(name: str | None) -> zoneinfo.ZoneInfo | None:
    """Return the setting `timezone`; None if it is not set.

    Raises:
        SettingsError: the zone is unknown, or this system has no time zone data.
    """
    if name is None:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        cure = (
            "must be an IANA name such as Europe/Paris"
            if zoneinfo.available_timezones()
            else "cannot be used, because this system has no time zone data: pip install tzdata"
        )
        msg = f"`timezone` {cure}"
        raise SettingsError(msg) from None


def _has_whole_date(date_format: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # since Python 3.13, one about a day without a year, which is refused here
            read = datetime.strptime(_EXAMPLE.strftime(date_format), date_format)  # noqa: DTZ007  # a day
    except (ValueError, re.error):
        return False
    return read.date() == _EXAMPLE.date()


def _rfc3339(moment: datetime, fraction: str | None, offset: str = "Z") -> str:
    return f"{moment.isoformat()}.{fraction}{offset}" if fraction else f"{moment.isoformat()}{offset}"
