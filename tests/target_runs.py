"""Runs of the target in this process, against a sandbox."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import SeekerLeadsError
from target_seeker_leads.target import TargetSeekerLeads
from tests.target_files import TargetFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import pytest

    from seeker_leads_sandbox import Sandbox


@dataclass
class Sent:
    """The results of one run of the target."""

    states: list[Any]
    error: SeekerLeadsError | None
    slept: list[float]
    log: list[str]
    rejects: list[dict[str, Any]]

    @property
    def summary(self) -> str:
        """The line of counts; that of a dry run in the words of a real run, so that both can be compared."""
        output = (re.sub(r"would create (\d+)", r"\1 created", line) for line in reversed(self.log))
        return next(line for line in output if " created" in line)


@dataclass
class TargetRunner(TargetFiles):
    """Runs the target against a sandbox; waits between tries take no time."""

    sandbox: Sandbox
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    caplog: pytest.LogCaptureFixture
    config: dict[str, Any] = field(default_factory=dict)

    def __call__(
        self,
        messages: Iterable[dict[str, Any] | bytes | str] | bytes,
        *,
        before: Callable[[TargetSeekerLeads], object] | None = None,
        **config: Any,
    ) -> Sent:
        """Run it over messages, one per line, or over raw bytes; `before` may change the target first."""
        settings = {
            "api_url": self.sandbox.api_url,
            "auth_token": self.sandbox.options.token,
            "rate_limit_requests": 1000,
            "ledger_url": f"sqlite:///{self.ledger_path}",
            "rejects_path": str(self.rejects_path),
            **self.config,
            **config,
        }
        slept: list[float] = []
        stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        self.monkeypatch.setattr(sys, "stdout", stdout)
        self.caplog.clear()
        target = TargetSeekerLeads(config={name: value for name, value in settings.items() if value is not None})
        target.sleep = slept.append
        target.monotonic = lambda: time.monotonic() + sum(slept)
        if before:
            before(target)
        lines = messages if isinstance(messages, bytes) else b"".join(map(_line, messages))
        error = None
        with self.caplog.at_level("DEBUG"):
            try:
                target.run(io.BytesIO(lines))  # type: ignore[arg-type]  # bytes, as from stdin
            except SeekerLeadsError as caught:
                error = caught
        stdout.seek(0)
        return Sent(
            [json.loads(line) for line in stdout],
            error,
            slept,
            [record.getMessage() for record in self.caplog.records],
            self.rejects,
        )


def _line(message: dict[str, Any] | bytes | str) -> bytes:
    if isinstance(message, dict):
        message = json.dumps(message)
    return (message.encode() if isinstance(message, str) else message) + b"\n"
