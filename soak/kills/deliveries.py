"""What both ways to deliver leads share: the sandbox, the ledger, and what was in flight at each kill."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

import psycopg

from seeker_leads_cli.ledger.lookup import keys_of
from seeker_leads_cli.settings import read_config
from seeker_leads_sandbox import Sandbox, SandboxOptions
from soak.kills.subject import Subject
from target_seeker_leads.settings import TargetSettings
from tests.ledger_tools import rows
from tests.letters import created_number, kept

if TYPE_CHECKING:
    from soak.kills.subject import Place

BAD_EACH = 10


class Deliveries(Subject):
    """Delivers leads with the numbers from 0 on; each tenth one breaks the contract."""

    is_in_postgresql: ClassVar[bool] = False

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.count = 0
        self.is_retrying = self.rng.random() < 0.5
        self.sandbox = Sandbox.start(SandboxOptions(latency_ms=4, enforce_limit=False))
        self.rejects = self.folder / "rejects.jsonl"
        self._ledger_file = self.folder / "ledger.db"
        self._url = self.database.url if self.is_in_postgresql else f"sqlite:///{self._ledger_file}"
        if self.is_in_postgresql:
            self.database.drop_ledger()
        config = self.configure(
            api_url=self.sandbox.api_url,
            auth_token=self.sandbox.options.token,
            ledger_url=self._url,
            rejects_path=str(self.rejects),
            on_unknown_outcome="retry" if self.is_retrying else "reject",
            rate_limit_requests=1000,
            max_concurrent_requests=self.rng.choice([1, 3, 10]),
        )
        self._settings = TargetSettings.from_config(read_config([str(config)]))
        self._number_of: dict[str, int] = {}  #: by the ledger's keys
        self._unanswered: set[tuple[str, str]] = set()  #: key and run of what was in flight at a kill

    def __exit__(self, *_: object) -> None:
        self.sandbox.stop()

    def add(self, count: int) -> range:
        """Return the numbers of that many more leads."""
        new = range(self.count, self.count + count)
        for number in new:
            self._number_of |= dict.fromkeys(keys_of(self._settings, "leads", {"id": number}), number)
        self.count += count
        return new

    @property
    def created(self) -> Counter[int]:
        """How often the API created each lead."""
        return Counter(map(created_number, self.sandbox.created))

    @property
    def kept(self) -> Counter[int]:
        """How often each lead is in the dead letters."""
        return kept(self.rejects) if self.rejects.exists() else Counter()

    @property
    def in_flight(self) -> Counter[int]:
        """At how many kills each lead was in flight: claimed by a run that never wrote the outcome."""
        return Counter(self._number_of[key] for key, _ in self._unanswered)

    def prepare(self) -> None:
        """Note what there is before a run."""
        self._asked = self.sandbox.statistics.total

    def look(self) -> None:
        """Note what was in flight."""
        if self.is_in_postgresql:
            self.database.sessions()
        elif not self._ledger_file.exists():
            return
        try:
            found = rows(self._url, "key, run_id, status")
        except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
            return  # the kill came before the ledger was made
        self._unanswered |= {(key, run) for key, run, status in found if status == "sending"}

    def has_begun(self) -> bool:
        """Return whether the sandbox got a request."""
        return self.sandbox.statistics.total > self._asked

    def missing(self, numbers: range) -> dict[str, str]:
        """Return the leads that were neither created nor kept."""
        there = self.created.keys() | self.kept.keys()
        return {f"lead {number}": "it is neither created nor kept" for number in numbers if number not in there}

    def verify(self) -> None:
        """Each lead was created once, or it was in flight at a kill and the policy says what became of it."""
        created, in_flight, result = self.created, self.in_flight, self.result
        result.lost |= self.missing(range(self.count))
        for number, times in sorted(created.items()):
            allowed = in_flight[number] if self.is_retrying else 0
            result.in_flight += min(times - 1, allowed)
            if times - 1 > allowed:
                result.duplicated[f"lead {number}"] = f"it was created {times} times, at most {1 + allowed} are allowed"
        for number in sorted(self.kept.keys()):
            if number % BAD_EACH and (self.is_retrying or not in_flight[number]):
                result.broken.append(f"lead {number} is a dead letter, but was not in flight with `reject`")
