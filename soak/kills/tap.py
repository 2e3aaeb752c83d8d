"""`tap-seeker-leads`: a lead counts as loaded once a STATE has followed it, or its run has ended well."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from seeker_leads_sandbox import Sandbox, SandboxOptions
from soak.kills.subject import Subject
from tap_seeker_leads.leads.timestamps import from_iso8601
from tests.killed_runs import days_ago, whole_lines

if TYPE_CHECKING:
    from pathlib import Path

    from soak.kills.subject import Place
    from tests.programs import Program

_DAYS = 8
_LOOKBACK_SECONDS = 7200


class Tap(Subject):
    """Reads an account of a few days, while leads arrive between the runs."""

    name = "tap"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        rng = self.rng
        self.sandbox = Sandbox.start(
            SandboxOptions(
                leads=rng.choice([20, 60]),
                days=_DAYS,
                seed=rng.getrandbits(32),
                latency_ms=rng.choice([2, 20]),
                enforce_limit=False,
                order=rng.choice(["ascending", "descending", "shuffled"]),  # type: ignore[arg-type]  # a text will do
            )
        )
        self._is_refreshing = rng.random() < 0.3
        access: dict[str, Any] = {"auth_token": "sandbox-token"}
        if rng.random() < 0.3:
            access = {
                "client_id": "sandbox",
                "client_secret": "sandbox",
                "auth_url": self.sandbox.token_url,
                "audience": self.sandbox.api_url,
            }
        self.configure(
            api_url=self.sandbox.api_url,
            start_date=days_ago(_DAYS + 1),
            window_days=rng.randint(1, 3),
            page_size=rng.choice([3, 10, 100]),
            rate_limit_requests=1000,
            max_concurrent_requests=rng.choice([1, 4, 10]),
            refresh_days=1 if self._is_refreshing else 0,
            **access,
        )
        self._covered: set[str] = set()  #: leads that a STATE has followed
        self._in_last_run: set[str] = set()
        self._reads = 0
        self._read: set[str] = set()
        self._late: set[str] = set()  #: leads that arrived after a run, with a date that a bookmark may have passed
        self._is_done = False

    def __exit__(self, *_: object) -> None:
        self.sandbox.stop()

    @property
    def _state(self) -> Path:
        return self.folder / "state.json"

    def program(self) -> Program:
        """Continue from the last STATE."""
        state = ("--state", self._state) if self._state.exists() else ()
        return self.command("tap-seeker-leads", "--config", self.folder / "config.json", *state)

    def prepare(self) -> None:
        """Let leads arrive, and forget earlier output."""
        if self._reads:
            dates = [int(time.time()) - 2] * self.rng.randint(0, 2)
            self._late |= {*self.sandbox.add_leads(ingestion_dates=dates)}
        (self.folder / "stdout").write_bytes(b"")
        self._asked = self.sandbox.statistics.total

    def look(self) -> None:
        """Take the output; no bookmark may be past a lead that was not written before it."""
        messages = whole_lines((self.folder / "stdout").read_bytes())
        dates = {lead["metadata"]["leadId"]: lead["metadata"]["ingestionDate"] for lead in self.sandbox.store.all()}
        resumed_at = self._bookmark()
        covered_before, seen = set(self._covered), set[str]()
        for message in messages:
            if message["type"] == "RECORD":
                self._take(message["record"]["leadId"], dates, seen, covered_before, resumed_at)
            elif message["type"] == "STATE":
                self._covered |= seen
                self._state.write_text(json.dumps(message["value"]))
                self._check_bookmark(dates, resumed_at)
        self._in_last_run = seen
        self._is_done = {*dates} <= self._covered

    def _take(
        self, lead: str, dates: dict[str, Any], seen: set[str], covered: set[str], resumed_at: int | None
    ) -> None:
        if lead in seen:
            self.result.duplicated[lead] = "it came twice in one run"
        elif lead in self._read:
            self.result.in_flight += 1
            is_due = resumed_at is None or _seconds(dates[lead]) >= resumed_at - _LOOKBACK_SECONDS
            if lead in covered and not is_due and not self._is_refreshing:
                self.result.duplicated[lead] = "it came again, though a STATE covered it"
        seen.add(lead)
        self._read.add(lead)
        self._reads += 1

    def _check_bookmark(self, dates: dict[str, Any], resumed_at: int | None) -> None:
        bookmark = self._bookmark()
        if bookmark is None:
            return
        if resumed_at is not None and bookmark < resumed_at:
            self.result.broken.append(f"the bookmark went back from {resumed_at} to {bookmark}")
        passed = {lead for lead, date in dates.items() if _seconds(date) < bookmark} - self._covered - self._late
        self.result.lost |= dict.fromkeys(passed, "a bookmark passed it before it was written")

    def _bookmark(self) -> int | None:
        if not self._state.exists():
            return None
        entry = json.loads(self._state.read_text()).get("bookmarks", {}).get("leads", {})
        value = entry.get("replication_key_value")
        return None if value is None else from_iso8601(value)

    def has_begun(self) -> bool:
        """Return whether the sandbox got a request."""
        return self.sandbox.statistics.total > self._asked

    def is_complete(self) -> bool:
        """Return whether a STATE covers every lead."""
        return self._is_done

    def verify(self) -> None:
        """Every lead was written and covered by a STATE, or by the end of the last run.

        A run that ends in the second of its first bookmark has the STATE that it began with, which is not repeated.
        """
        lost = self.sandbox.store.ids() - self._covered - self._in_last_run
        self.result.lost |= dict.fromkeys(lost, "it was never written before a STATE")


def _seconds(date: Any) -> int:  # as the sandbox stores it
    return date if isinstance(date, int) else from_iso8601(date)
