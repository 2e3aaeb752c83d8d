"""What `retention` is told: declared once, for its options, its variables and the definitions for Meltano."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from seeker_leads_api.declarations import setting

if TYPE_CHECKING:
    from seeker_leads_api import contract


class Erased(str, Enum):
    """What becomes of the row of a lead whose person had their data erased."""

    SCRUB = "scrub"  #: it stays, without personal data
    DELETE = "delete"


#: In the order of the pages.
RETENTION_SETTINGS: dict[str, contract.JsonSchema] = {
    "database_url": setting(
        "string",
        "Database URL",
        "The PostgreSQL that the loader fills, e.g. `postgresql://user:password@host/database`.",
        secret=True,
    ),
    "table": setting("string", "Table", "The table of leads, with its schema.", default="seeker_leads.leads"),
    "refresh_days": setting(
        "integer",
        "Refresh",
        "As the tap's: a lead that two such cycles have not brought is reported. 0: the tap does not refresh.",
        minimum=0,
        maximum=1000,
        default=30,
    ),
    "erased": setting(
        "string",
        "Erased leads",
        "What becomes of the row of an erased lead: `scrub` takes the personal data out, `delete` deletes the row.",
        enum=[each.value for each in Erased],
        default=Erased.SCRUB.value,
    ),
}


@dataclass(frozen=True, slots=True)
class Order:
    """What one `apply` is to do."""

    is_dry_run: bool
    is_confirmed: bool  #: more than the guards let pass by themselves
