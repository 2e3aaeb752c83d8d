"""How old something is, as an option says it: `90d`."""

from __future__ import annotations

import re
from datetime import timedelta

import click

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_FORM = re.compile(r"(\d{1,5})([wdhm])")


def age(text: str) -> timedelta:
    """Return the age that a whole number of weeks, days, hours or minutes is.

    Raises:
        BadParameter: it is not one; the command ends with 2.
    """
    found = _FORM.fullmatch(text.strip())
    if not found:
        msg = f"{text!r} is not an age: give a number and w, d, h or m, such as 90d"
        raise click.BadParameter(msg)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
