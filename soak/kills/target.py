"""`target-seeker-leads`: its source continues after the last STATE that came out, or starts anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from soak.kills.deliveries import BAD_EACH, Deliveries
from tests.killed_runs import whole_lines
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from soak.kills.subject import Place
    from tests.programs import Program

_RECORDS, _STATE_EACH = 40, 5


class TargetWithSqlite(Deliveries):
    """Sends records; each fifth one is followed by a STATE that names its number."""

    name = "target (SQLite)"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.add(_RECORDS)
        self._passed = 0  #: records before the last STATE that came out
        self._runs = 0

    def program(self) -> Program:
        """Read the input that `prepare` wrote."""
        return self.command("target-seeker-leads", "--config", self.folder / "config.json", stdin="input.jsonl")

    def prepare(self) -> None:
        """Write the source's next input."""
        super().prepare()
        (self.folder / "stdout").write_bytes(b"")
        messages = [SCHEMA]
        for number in range(self._passed if self.rng.random() < 0.7 else 0, _RECORDS):
            messages.append(record(number) if number % BAD_EACH else record(number, email="nobody"))
            if (number + 1) % _STATE_EACH == 0:
                messages.append(state({"records": number + 1}))
        (self.folder / "input.jsonl").write_text("".join(json.dumps(message) + "\n" for message in messages))

    def look(self) -> None:
        """Check that no STATE came out before all records before it were settled."""
        super().look()
        self._runs += 1
        said = whole_lines((self.folder / "stdout").read_bytes())
        self._passed = max([self._passed, *(line["records"] for line in said)])
        self.result.lost |= self.missing(range(self._passed))

    def is_complete(self) -> bool:
        """Return whether all records were created or kept."""
        return not self.missing(range(_RECORDS))

    def verify(self) -> None:
        """Beside the leads themselves: a dead letter is written again only by a run after a kill."""
        super().verify()
        self.result.duplicated |= {
            f"letter {number}": f"it is there {times} times after {self._runs} runs"
            for number, times in self.kept.items()
            if times > self._runs
        }
        if self._passed < _RECORDS:
            self.result.broken.append(f"the last STATE that came out is {self._passed} of {_RECORDS}")


class TargetWithPostgresql(TargetWithSqlite):
    """The same with a ledger in PostgreSQL."""

    name = "target (PostgreSQL)"
    is_in_postgresql = True
