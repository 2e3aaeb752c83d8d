"""Runs of the tap in this process, against a sandbox with its own clock."""

from __future__ import annotations

import copy
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import SeekerLeadsError
from seeker_leads_api.http.retries import FIRST_WAIT_SECONDS
from tap_seeker_leads.streams import LeadsStream
from tap_seeker_leads.tap import TapSeekerLeads
from tap_seeker_leads.writer import PageWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_sandbox import Sandbox

NOW = 1_795_420_800  # 2026-11-23T08:00:00Z


@dataclass
class Clock:
    """The wall clock of a sandbox, set by the test."""

    now: int = NOW

    def __call__(self) -> float:
        return self.now


class Collector(PageWriter):
    """Collects the tap's messages instead of stdout."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []

    def flush(self) -> None:
        self.messages += [json.loads(line) for line in self._buffer.splitlines()]
        self._buffer.clear()


@dataclass
class Run:
    """The output of one run of the tap."""

    messages: list[dict[str, Any]]
    error: SeekerLeadsError | None
    slept: list[float]

    def check(self) -> None:
        """Raise the error that ended the run, if there was one."""
        if self.error is not None:
            raise self.error

    @property
    def records(self) -> list[dict[str, Any]]:
        return [message["record"] for message in self.messages if message["type"] == "RECORD"]

    @property
    def ids(self) -> list[str]:
        return [record["leadId"] for record in self.records]

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self) -> dict[str, Any]:
        return self.states[-1]

    @property
    def bookmark(self) -> str | None:
        value: str | None = self.state["bookmarks"]["leads"].get("replication_key_value") if self.states else None
        return value

    @property
    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = next(m["schema"] for m in self.messages if m["type"] == "SCHEMA")
        return schema


@dataclass
class TapRunner:
    """Runs the tap against a sandbox, with the sandbox's clock; waits between retries only move that clock.

    The client is the stream's own, with everything that it sets up.
    """

    clock: Clock
    sandbox: Sandbox
    config: dict[str, Any] = field(default_factory=dict)

    def __call__(
        self,
        *,
        state: dict[str, Any] | None = None,
        catalog: dict[str, Any] | None = None,
        before: Callable[[LeadsStream], object] | None = None,
        **config: Any,
    ) -> Run:
        collector, slept = Collector(), list[float]()
        settings = {
            "api_url": self.sandbox.api_url,
            "auth_token": self.sandbox.options.token,
            # The limit has its own tests; other tests need not keep it.
            "rate_limit_requests": 1000,
            "max_retries": 7,
            **self.config,
            **config,
        }
        tap = TapSeekerLeads(
            config={name: value for name, value in settings.items() if value is not None},
            state=copy.deepcopy(state),
            catalog=catalog,
            message_writer=collector,
            now=self.clock.now,
        )
        stream = tap.streams["leads"]
        assert isinstance(stream, LeadsStream)

        def sleep(seconds: float) -> None:
            if seconds < FIRST_WAIT_SECONDS / 2:  # a wait of the limiter: shorter than any between two tries
                threading.Event().wait(seconds)
            else:
                slept.append(seconds)

        stream.monotonic = lambda: time.monotonic() + sum(slept)
        stream.sleep = sleep
        if before:
            before(stream)
        error = None
        try:
            tap.sync_all()
        except SeekerLeadsError as caught:
            error = caught
        return Run(collector.messages, error, slept)
