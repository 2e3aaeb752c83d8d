"""The state of the last signal and the last run, for monitoring."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Health:
    """Times are Unix seconds; the status of a run is its exit status, negative for a signal."""

    last_signal_at: float | None = None
    is_running: bool = False
    last_run_began_at: float | None = None
    last_run_ended_at: float | None = None
    last_run_status: int | None = None
    last_success_at: float | None = None
    failures_in_a_row: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the state as JSON, with times as text."""
        return {
            "status": "failing" if self.failures_in_a_row else "ok",
            "last_signal_at": _text(self.last_signal_at),
            "is_running": self.is_running,
            "last_run_began_at": _text(self.last_run_began_at),
            "last_run_ended_at": _text(self.last_run_ended_at),
            "last_run_status": self.last_run_status,
            "last_success_at": _text(self.last_success_at),
            "failures_in_a_row": self.failures_in_a_row,
        }


def write_health(path: Path, health: Health) -> None:
    """Write the file atomically, so that a reader never sees a part of it.

    Raises:
        SettingsError: the file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(json.dumps(health.as_json()), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        msg = f"`--health-file` {path} cannot be written ({error.strerror}): check its folder"
        raise SettingsError(msg) from None


def _text(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, tz=timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
