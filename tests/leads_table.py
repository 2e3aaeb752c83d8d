"""A table of leads as target-postgres creates it, with the rows of a test."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner
from psycopg import sql

from seeker_leads_cli.main import main

if TYPE_CHECKING:
    import psycopg
    from click.testing import Result

SCHEMA = "retention"
LOG = "retention.seeker_leads_erasure_log"
NAME = "Wolkenstein"
#: Columns in both formats; a test with the real loader checks them.
JSON_COLUMNS = {"contactRequest": "jsonb", "callDetails": "jsonb", "extra": "jsonb"}
FLAT_COLUMNS = {
    "contactRequest__lastName": "text",
    "contactRequest__email": "text",
    "contactRequest__phoneNumbers": "text",
    "contactRequest__isOwner": "boolean",
    "callDetails__seekerPhoneNumber": "text",
    "callDetails__duration": "bigint",
    "extra": "text",
}
OTHER_COLUMNS = {
    "leadId": "text",
    "ingestionDate": "timestamp",
    "portal": "text",
    "ttl": "timestamp",
    "isErased": "boolean",
    "_sdc_extracted_at": "timestamp",
}
_CONTACT = {"lastName": NAME, "email": f"{NAME}@example.com", "phoneNumbers": [{"number": "+33 6 39 98 00 01"}]}
_CALL = {"seekerPhoneNumber": "+33 6 39 98 00 02", "duration": 12}
_VALUES = {
    "contactRequest": json.dumps(_CONTACT),
    "callDetails": json.dumps(_CALL),
    "extra": json.dumps({"contactRequest": {"phoneNumbers": 33639980001}}),
    "contactRequest__lastName": NAME,
    "contactRequest__email": _CONTACT["email"],
    "contactRequest__phoneNumbers": json.dumps(_CONTACT["phoneNumbers"]),
    "contactRequest__isOwner": True,
    "callDetails__seekerPhoneNumber": _CALL["seekerPhoneNumber"],
    "callDetails__duration": 12,
}


@dataclass
class LeadsTable:
    """The table `retention.leads`, initially empty, and the command that works on it."""

    database: psycopg.Connection[Any]
    url: str
    columns: dict[str, str] = field(default_factory=lambda: {**OTHER_COLUMNS, **JSON_COLUMNS})
    name: str = "leads"
    is_new: bool = True  #: whether to make the table

    def __post_init__(self) -> None:
        if not self.is_new:
            return
        self.database.execute("DROP SCHEMA IF EXISTS retention CASCADE")
        self.database.execute("CREATE SCHEMA retention")
        self.create(self.name, self.columns)

    @classmethod
    def flat(cls, database: psycopg.Connection[Any], url: str) -> LeadsTable:
        """Return a table with flattened columns."""
        return cls(database, url, {**OTHER_COLUMNS, **FLAT_COLUMNS})

    def create(self, name: str, columns: dict[str, str]) -> None:
        parts = [sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind)) for column, kind in columns.items()]
        self.database.execute(
            sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(SCHEMA, name), sql.SQL(", ").join(parts))
        )

    def add(
        self, *lead_ids: str, days_left: float | None = 300, read_days_ago: float | None = 1, **values: Any
    ) -> None:
        """Add leads with this many days to live, read this many days ago; all people are alike."""
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        row = {
            "ingestionDate": now - timedelta(days=100),
            "portal": "SLG-FRA",
            "ttl": None if days_left is None else now + timedelta(days=days_left),
            "isErased": False,
            "_sdc_extracted_at": None if read_days_ago is None else now - timedelta(days=read_days_ago),
            **_VALUES,
            **values,
        }
        names = [name for name in self.columns if name != "leadId" and name in row]
        query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(SCHEMA, self.name),
            sql.SQL(", ").join(map(sql.Identifier, ["leadId", *names])),
            sql.SQL(", ").join([sql.Placeholder()] * (len(names) + 1)),
        )
        with self.database.cursor() as cursor:
            cursor.executemany(query, [[lead_id, *(row[name] for name in names)] for lead_id in lead_ids])

    def fill(self) -> None:
        """Add ten leads to keep, `over`, which is past its `ttl`, and `gone`, whose person is erased."""
        self.add(*(f"stays-{number}" for number in range(10)))
        self.add("over", days_left=-1)
        self.add("gone", isErased=True)

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """Return every row by lead."""
        query = sql.SQL("SELECT to_jsonb(t) FROM {} t").format(sql.Identifier(SCHEMA, self.name))
        return {row["leadId"]: row for (row,) in self.database.execute(query)}

    @property
    def log(self) -> dict[str, str]:
        """Return the reason of every line of evidence by lead; none before the first change."""
        if not self.has_log:
            return {}
        return dict(self.database.execute("SELECT lead_id, reason FROM retention.seeker_leads_erasure_log").fetchall())

    @property
    def has_log(self) -> bool:
        ((found,),) = self.database.execute("SELECT to_regclass(%s) IS NOT NULL", [LOG])
        return bool(found)

    def run(self, command: str, *arguments: str, status: int = 0) -> Result:
        """Run `retention` on it; check that no name of a person is printed."""
        table = ("--table", f"{SCHEMA}.{self.name}") if "--table" not in arguments else ()
        ended = CliRunner().invoke(
            main, ["retention", command, "--database-url", self.url, *table, *arguments], env={"COLUMNS": "200"}
        )
        assert ended.exit_code == status, ended.output
        assert NAME not in ended.output
        return ended

    def apply(self, *arguments: str, status: int = 0) -> dict[str, Any]:
        """Run `apply`, and return its JSON output."""
        ended = self.run("apply", "--json", *arguments, status=status)
        result: dict[str, Any] = json.loads(ended.stdout)
        return result


def apply_in_a_program(
    leads: LeadsTable, program: str = "from seeker_leads_cli.main import main; main()"
) -> dict[str, Any]:
    """Run it as a separate program: the tests' runner replaces this process's stdout."""
    command = ["-c", program, "retention", "apply", "--json", "--table", "retention.leads"]
    ended = subprocess.run(
        [sys.executable, *command, "--database-url", leads.url], check=True, capture_output=True, timeout=60
    )
    result: dict[str, Any] = json.loads(ended.stdout)
    return result
