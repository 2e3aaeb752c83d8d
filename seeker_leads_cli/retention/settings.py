"""The settings of `retention`, declared once for its options, its variables and the definitions for Meltano."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from seeker_leads_api.declarations import setting

if TYPE_CHECKING:
    from seeker_leads_api import contract


class Erased(str, Enum):
    """What to do with the row of an erased lead."""

    SCRUB = "scrub"  #: keep it without personal data
    DELETE = "delete"


#: In the order of the documentation.
RETENTION_SETTINGS: dict[str, contract.JsonSchema] = {
    "database_url": setting(
        "string",
        "Database URL",
        "URL of the PostgreSQL database that the loader fills, such as `postgresql://user:password@host/database`.",
        secret=True,
    ),
    "table": setting("string", "Table", "Table of leads, with its schema.", default="seeker_leads.leads"),
    "refresh_days": setting(
        "integer",
        "Refresh",
        "The tap's `refresh_days`. Leads that were not read in the last two cycles are reported."
        " Set it to 0 if the tap does not refresh.",
        minimum=0,
        maximum=1000,
        default=30,
    ),
    "erased": setting(
        "string",
        "Erased leads",
        "What to do with the row of an erased lead: `scrub` removes the personal data, `delete` deletes the row.",
        enum=[each.value for each in Erased],
        default=Erased.SCRUB.value,
    ),
}


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """The options of one `apply`."""

    is_dry_run: bool
    is_confirmed: bool  #: `--yes`: more rows may change than `refusal` allows otherwise
