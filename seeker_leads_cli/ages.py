"""Ages on the command line: whole days, written as `1200d`."""

from __future__ import annotations

import re
from datetime import timedelta

from seeker_leads_api.errors import SettingsError

#: Up to 2,700 years, which is further back than a date of Python's can be.
_AGE = re.compile(r"([1-9][0-9]{0,5})d", re.ASCII)


def parse_age(text: str) -> timedelta:
    """Return an age such as `90d`. The unit is written out, so that nobody takes days for hours.

    Raises:
        SettingsError: it is not written so.
    """
    if found := _AGE.fullmatch(text):
        return timedelta(days=int(found[1]))
    msg = f"{text!r} is not an age: write a number of days with a d, such as 1200d"
    raise SettingsError(msg)
