"""`seeker-leads retention apply`: all of its changes happen or none, and the evidence agrees with the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soak.kills.subject import Subject
from tests.leads_table import NAME, SCHEMA, LeadsTable

if TYPE_CHECKING:
    from soak.kills.subject import Place
    from tests.programs import Program


class RetentionApply(Subject):
    """Deletes and erases leads of a table."""

    name = "retention apply"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._connection = self.database.connect()
        self._table = LeadsTable(self._connection, self.database.url)
        self._over = [f"over-{number}" for number in range(self.rng.randint(1, 60))]
        self._erased = [f"erased-{number}" for number in range(self.rng.randint(1, 40))]
        stays = [f"stays-{number}" for number in range(200)]
        self._table.add(*self._over, days_left=-1)
        self._table.add(*self._erased, isErased=True)
        self._table.add(*stays)
        self._before = self._table.rows
        self._kept = {lead: self._before[lead] for lead in stays}
        self._is_done = False
        self._connection.close()
        self._sessions = self._sessions_before = self.database.sessions()

    def program(self) -> Program:
        """Apply what is due."""
        return self.command(
            "seeker-leads", "retention", "apply", "--database-url", self.database.url, "--table", f"{SCHEMA}.leads"
        )

    def prepare(self) -> None:
        """Note how many sessions there were."""
        self._sessions_before = self.database.sessions()

    def look(self) -> None:
        """Check that rows and evidence are both as they were, or both as they must be."""
        self._sessions = self.database.sessions()
        with self.database.connect() as connection:
            table = LeadsTable(connection, self.database.url, is_new=False)
            rows, evidence = table.rows, table.log
        if not evidence and rows == self._before:
            return
        self._is_done = True
        if evidence != {**dict.fromkeys(self._over, "ttl"), **dict.fromkeys(self._erased, "erased")}:
            self.result.lost["evidence"] = f"{len(evidence)} lines for {len(self._over) + len(self._erased)} leads"
        self._check(rows)

    def _check(self, rows: dict[str, dict[str, Any]]) -> None:
        there = [lead for lead in self._over if lead in rows]
        named = [lead for lead in self._erased if lead not in rows or NAME in str(rows[lead])]
        changed = [lead for lead, row in self._kept.items() if rows.get(lead) != row]
        self.result.broken += [f"{lead} is still there, but the evidence says that it is gone" for lead in there]
        self.result.broken += [f"{lead} is not erased, but the evidence says so" for lead in named]
        self.result.lost |= dict.fromkeys(changed, "it was deleted or changed without a reason")

    def has_begun(self) -> bool:
        """Return whether it was connected to the database."""
        return self._sessions > self._sessions_before

    def is_complete(self) -> bool:
        """Return whether all is done."""
        return self._is_done

    def verify(self) -> None:
        """Everything that was due is done."""
        if not self._is_done:
            self.result.broken.append("nothing was changed")
