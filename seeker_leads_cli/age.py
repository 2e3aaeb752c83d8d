"""Parses ages such as `90d` for options."""

from __future__ import annotations

import re
from datetime import timedelta

import click

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_FORM = re.compile(r"(\d{1,5})([wdhm])")


def age(text: str) -> timedelta:
    """Parse an age: a whole number followed by `w`, `d`, `h` or `m` (weeks, days, hours or minutes).

    Raises:
        BadParameter: the text is not an age; the command exits with 2.
    """
    found = _FORM.fullmatch(text.strip())
    if not found:
        msg = f"{text!r} is not an age: give a number and w, d, h or m, such as 90d"
        raise click.BadParameter(msg)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
